#include "collect/agentclient.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "httphead.h"
#include "model/sockaddr.h"

#define HEAD_MAX ((size_t)16 << 10)
#define CHUNK ((size_t)16 << 10)
#define DEFAULT_PORT ":80"

static int refuse(const char *url, struct error *error)
{
    return error_set(error, -EINVAL, "\"%.60s\" is not the address of an agent: give one as in http://127.0.0.1:10098",
                     url);
}

/* "127.0.0.1:10098", "[::1]:10098" */
static int parse_authority(const char *text, struct agentclient_place *place)
{
    struct endpoint_range range;
    if ((text[0] != '[' && strspn(text, "0123456789.:") != strlen(text)) || endpoint_parse(text, &range, NULL) < 0 ||
        range.first.any_address || range.last_port != range.first.port)
        return -EINVAL;
    place->address = range.first.address;
    place->port = range.first.port;
    return 0;
}

int agentclient_parse(const char *url, struct agentclient_place *ret_place, struct error *error)
{
    static const char scheme[] = "http://";
    static const char localhost[] = "localhost";
    if (strncmp(url, "https://", 8) == 0)
        return error_set(error, -EINVAL, "\"%.60s\": TLS is not spoken here; ask with curl --cacert FILE instead", url);
    if (strncmp(url, scheme, strlen(scheme)) != 0)
        return refuse(url, error);
    const char *host = url + strlen(scheme);
    size_t length = strcspn(host, "/?#");
    const char *path = host + length;
    bool is_local = strncmp(host, localhost, strlen(localhost)) == 0;
    const char *rest = is_local ? host + strlen(localhost) : host;
    char text[ENDPOINT_TEXT_MAX];
    int written = snprintf(text, sizeof(text), "%s%.*s", is_local ? "127.0.0.1" : "", (int)(path - rest), rest);
    if (written < 0 || (size_t)written + strlen(DEFAULT_PORT) >= sizeof(text))
        return refuse(url, error);
    const char *colon = strrchr(text, ':');
    if (colon == NULL || strchr(colon, ']') != NULL)
        (void)strcat(text, DEFAULT_PORT);
    struct agentclient_place place = {0};
    if (parse_authority(text, &place) < 0 || (path[0] != '\0' && path[0] != '/') || strpbrk(path, "# \r\n") != NULL ||
        strlen(path) >= sizeof(place.path))
        return refuse(url, error);
    (void)snprintf(place.path, sizeof(place.path), "%s", path[0] != '\0' ? path : "/");
    *ret_place = place;
    return 0;
}

/* One exchange; everything in it must be over by end_ns. */
struct exchange {
    int fd;
    int64_t end_ns; /* CLOCK_MONOTONIC */
};

/* Closes without a TIME_WAIT: the answer is there, and a tool that counts TIME_WAITs must not make any. */
static void exchange_done(struct exchange *exchange)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (exchange->fd >= 0)
        (void)setsockopt(exchange->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    cleanup_close(&exchange->fd);
}

static int await(const struct exchange *exchange, short events)
{
    struct pollfd fd = {.fd = exchange->fd, .events = events};
    for (;;) {
        int64_t left_ns = exchange->end_ns - clock_monotonic_ns();
        if (left_ns <= 0)
            return -ETIMEDOUT;
        struct timespec left = {.tv_sec = left_ns / CLOCK_NS_PER_S, .tv_nsec = left_ns % CLOCK_NS_PER_S};
        int ready = ppoll(&fd, 1, &left, NULL);
        if (ready > 0)
            return 0;
        if (ready < 0 && errno != EINTR)
            return -errno;
    }
}

static int open_connection(struct exchange *exchange, const struct agentclient_place *place)
{
    union sockaddr_any to;
    socklen_t length = sockaddr_fill(&to, &place->address, place->port);
    exchange->fd = socket(to.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (exchange->fd < 0)
        return -errno;
    if (connect(exchange->fd, &to.generic, length) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return -errno;
    int r = await(exchange, POLLOUT);
    int error = 0;
    socklen_t size = sizeof(error);
    if (r == 0 && getsockopt(exchange->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        r = -errno;
    return r < 0 ? r : -error;
}

static int send_all(const struct exchange *exchange, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(exchange->fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR)
            return -errno;
        int r = sent < 0 ? await(exchange, POLLOUT) : 0;
        if (r < 0)
            return r;
        bytes += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
    return 0;
}

/* Appends what has come; -EPROTO at the end of the stream, which no answer ends with. */
static int receive(const struct exchange *exchange, struct buf *buf)
{
    int r = await(exchange, POLLIN);
    if (r < 0)
        return r;
    char chunk[CHUNK];
    ssize_t received = recv(exchange->fd, chunk, sizeof(chunk), 0);
    if (received < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (received == 0)
        return -EPROTO;
    buf_add(buf, chunk, (size_t)received);
    return buf->failure == -EFBIG ? -EPROTO : buf->failure;
}

static int read_answer(const struct exchange *exchange, struct agentclient_answer *ret_answer)
{
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, HEAD_MAX + AGENTCLIENT_BODY_MAX);
    struct httphead head;
    int r = -EAGAIN;
    while (r == -EAGAIN && buf.length <= HEAD_MAX) {
        r = receive(exchange, &buf);
        if (r == 0)
            r = httphead_read(buf.data, buf.length, AGENTCLIENT_BODY_MAX, &head);
    }
    if (r < 0)
        return r == -EAGAIN ? -EPROTO : r;
    while (r == 0 && buf.length < head.length + head.body_length)
        r = receive(exchange, &buf);
    if (r == 0 && buf.length > head.length + head.body_length)
        r = -EPROTO;
    if (r < 0)
        return r;
    char *body = strndup(buf.data + head.length, head.body_length);
    if (body == NULL)
        return -ENOMEM;
    *ret_answer = (struct agentclient_answer){.status = head.status, .body = body};
    return 0;
}

static int explain(int r, const char *authority, int64_t timeout_ns, struct error *error)
{
    if (r == -ECONNREFUSED)
        return error_set(error, r, "nothing listens at %s; `tidewait serve` starts an agent", authority);
    if (r == -ETIMEDOUT)
        return error_set(error, r, "%s has not answered within %g s", authority, (double)timeout_ns / CLOCK_NS_PER_S);
    if (r == -EPROTO || r == -ECONNRESET)
        return error_set(error, -EPROTO, "what listens at %s does not answer as an agent without TLS does", authority);
    return error_set(error, r, "%s cannot be asked: %s", authority, strerror(-r));
}

int agentclient_get(const struct agentclient_place *place, int64_t timeout_ns, struct agentclient_answer *ret_answer,
                    struct error *error)
{
    char address[ADDRESS_TEXT_MAX];
    char authority[ADDRESS_TEXT_MAX + 16];
    address_format(&place->address, address);
    (void)snprintf(authority, sizeof(authority), place->address.family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", address,
                   (unsigned)place->port);
    char request[AGENTCLIENT_PATH_MAX + sizeof(authority) + 64];
    int length = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: */*\r\n\r\n", place->path,
                          authority);
    cleanup(exchange_done) struct exchange exchange = {.fd = -1, .end_ns = clock_monotonic_ns() + timeout_ns};
    int r = open_connection(&exchange, place);
    if (r == 0)
        r = send_all(&exchange, request, (size_t)length);
    if (r == 0)
        r = read_answer(&exchange, ret_answer);
    return r < 0 ? explain(r, authority, timeout_ns, error) : 0;
}
