#include "sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdalign.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "query.h"
#include "sockdiag_answer.h"
#include "sockdiag_request.h"

/* The kernel fills datagrams up to 32 KiB when the reader has room for that. */
#define RECEIVE_SIZE (64 * 1024)
/* A dump is made while it is read, so nothing is ever waited for; but should it be, not for ever. */
#define ANSWER_TIMEOUT_S 5
/* Signals come seldom; a read that is interrupted again and again is broken. */
#define INTERRUPTIONS_MAX 16

struct sockdiag {
    struct mnl_socket *socket; /* owned; NULL after a failure: half an answer may still be queued on it */
    uint32_t sequence;         /* of the latest request */
    bool shows_bound;
};

/* One walk as the callback sees it. */
struct walk {
    struct sockdiag *sockdiag;
    sockets_visit *visit;
    void *context;
};

static int visit_and_learn(void *context, const struct sock *sock)
{
    const struct walk *walk = context;
    if (sock->state == SOCK_BOUND_INACTIVE)
        walk->sockdiag->shows_bound = true;
    return walk->visit(walk->context, sock);
}

static void disconnect(struct sockdiag *sockdiag)
{
    if (sockdiag->socket)
        (void)mnl_socket_close(sockdiag->socket);
    sockdiag->socket = NULL;
}

static int connect_to_kernel(struct sockdiag *sockdiag, struct error *error)
{
    const struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};

    sockdiag->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
    if (!sockdiag->socket)
        return error_set(error, -errno, "cannot open a sock_diag socket: %s", strerror(errno));
    if (setsockopt(mnl_socket_get_fd(sockdiag->socket), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
        mnl_socket_bind(sockdiag->socket, 0, MNL_SOCKET_AUTOPID) < 0)
        return error_set(error, -errno, "cannot set up a sock_diag socket: %s", strerror(errno));
    return 0;
}

static ssize_t receive(struct sockdiag *sockdiag, uint8_t ret_buffer[static RECEIVE_SIZE], struct error *error)
{
    int interruptions = 0;
    for (;;) {
        struct sockaddr_nl sender = {0};
        struct iovec room = {.iov_base = ret_buffer, .iov_len = RECEIVE_SIZE};
        struct msghdr message = {.msg_name = &sender, .msg_namelen = sizeof(sender), .msg_iov = &room, .msg_iovlen = 1};

        ssize_t length = recvmsg(mnl_socket_get_fd(sockdiag->socket), &message, 0);
        if (length < 0 && errno == EINTR && ++interruptions < INTERRUPTIONS_MAX)
            continue;
        if (length < 0 && errno == EAGAIN)
            return error_set(error, -ETIMEDOUT, "the kernel did not answer for %d s", ANSWER_TIMEOUT_S);
        if (length < 0)
            return error_set(error, -errno, "cannot read the kernel's answer: %s", strerror(errno));
        /* A privileged process may write to this socket; only the kernel is believed. */
        if (message.msg_namelen != sizeof(sender) || sender.nl_pid != 0)
            continue;
        if (message.msg_flags & MSG_TRUNC)
            return error_set(error, -EMSGSIZE, "the kernel's answer does not fit into %d bytes", RECEIVE_SIZE);
        return length;
    }
}

/* Sends the request and reads its answer to the end. The kernel writes a datagram while the one before it is read. */
static int ask(struct sockdiag *sockdiag, const struct sockets_query *query, const struct nlmsghdr *request,
               struct sockdiag_answer *answer, struct error *error)
{
    if (mnl_socket_sendto(sockdiag->socket, request, request->nlmsg_len) < 0)
        return error_set(error, -errno, "cannot ask the kernel for its sockets: %s", strerror(errno));
    /* Not kept with the socket: there is one for each namespace. */
    alignas(struct nlmsghdr) uint8_t buffer[RECEIVE_SIZE];
    bool done = false;
    while (!done) {
        answer->read_after_ms = query_age_ms(query);
        ssize_t length = receive(sockdiag, buffer, error);
        if (length < 0)
            return (int)length;
        int result = sockdiag_answer_read(answer, buffer, (size_t)length, &done, error);
        if (result < 0)
            return result;
    }
    return 0;
}

static int walk_tcp(struct sockdiag *sockdiag, const struct sockets_query *query, uint32_t states, struct walk *walk,
                    struct error *error)
{
    alignas(struct nlmsghdr) uint8_t buffer[SOCKDIAG_REQUEST_SIZE];
    struct sockdiag_answer answer = {PROTOCOL_TCP, ++sockdiag->sequence, visit_and_learn, walk};
    return ask(sockdiag, query, sockdiag_request_tcp(buffer, answer.sequence, query, states), &answer, error);
}

static int walk_udp(struct sockdiag *sockdiag, const struct sockets_query *query, uint8_t family, struct walk *walk,
                    struct error *error)
{
    alignas(struct nlmsghdr) uint8_t buffer[SOCKDIAG_REQUEST_SIZE];
    struct sockdiag_answer answer = {PROTOCOL_UDP, ++sockdiag->sequence, visit_and_learn, walk};
    return ask(sockdiag, query, sockdiag_request_udp(buffer, answer.sequence, query, family), &answer, error);
}

static int walk_families(struct sockdiag *sockdiag, const struct sockets_query *query, uint32_t tcp_states,
                         struct walk *walk, struct error *error)
{
    int result = 0;
    switch (query->protocol) {
    case PROTOCOL_TCP:
        result = walk_tcp(sockdiag, query, tcp_states, walk, error);
        break;
    case PROTOCOL_UDP:
        result = walk_udp(sockdiag, query, AF_INET, walk, error);
        if (result == 0)
            result = walk_udp(sockdiag, query, AF_INET6, walk, error);
        break;
    }
    return result;
}

static int walk_states(struct sockdiag *sockdiag, const struct sockets_query *query, uint32_t tcp_states,
                       sockets_visit *visit, void *context, struct error *error)
{
    struct walk walk = {sockdiag, visit, context};
    int result = sockdiag->socket ? 0 : connect_to_kernel(sockdiag, error);
    if (result == 0)
        result = walk_families(sockdiag, query, tcp_states, &walk, error);
    if (result < 0)
        disconnect(sockdiag);
    if (result == -ENOENT || result == -EOPNOTSUPP || result == -EPROTONOSUPPORT)
        error_prefix(error, "this kernel has no INET_DIAG for %s", protocol_name(query->protocol));
    return result;
}

int sockdiag_walk(struct sockdiag *sockdiag, const struct sockets_query *query, sockets_visit *visit, void *context,
                  struct error *error)
{
    uint32_t tcp_states = SOCKDIAG_STATES_TCP;
    if (query->listeners)
        tcp_states = SOCKDIAG_STATES_LISTEN;
    if (query->explicit_binds)
        tcp_states = SOCKDIAG_STATES_LIVE;
    return walk_states(sockdiag, query, tcp_states, visit, context, error);
}

/*
 * Binds a TCP socket to a port that the kernel picks. SO_REUSEADDR: no service that sets it too can notice. The
 * wildcard: it is there even when lo is down.
 */
static int bind_any_port(int *ret_fd, uint16_t *ret_port)
{
    cleanup(cleanup_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    union {
        struct sockaddr generic;
        struct sockaddr_in ipv4;
    } address = {.ipv4 = {.sin_family = AF_INET}};
    socklen_t length = sizeof(address.ipv4);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        bind(fd, &address.generic, length) < 0 || getsockname(fd, &address.generic, &length) < 0)
        return -errno;
    *ret_port = ntohs(address.ipv4.sin_port);
    *ret_fd = steal_fd(&fd);
    return 0;
}

static int visit_nothing(void *context, const struct sock *sock)
{
    (void)context;
    (void)sock;
    return 0;
}

int sockdiag_open(struct sockdiag **ret_sockdiag, struct error *error)
{
    cleanup(sockdiag_closep) struct sockdiag *sockdiag = calloc(1, sizeof(*sockdiag));
    if (!sockdiag)
        return error_set(error, -ENOMEM, "no memory for a sock_diag socket");

    cleanup(cleanup_close) int bound = -1;
    struct sockets_query query = {.protocol = PROTOCOL_TCP};
    /* When no port is left, any other stands in: then the first walk that meets a bound socket will tell. */
    if (bind_any_port(&bound, &query.port) < 0)
        query.port = 1;
    int result = walk_states(sockdiag, &query, SOCKDIAG_STATES_BOUND_INACTIVE, visit_nothing, NULL, error);
    /* udp_diag is a module of its own. */
    query.protocol = PROTOCOL_UDP;
    if (result == 0)
        result = walk_states(sockdiag, &query, 0, visit_nothing, NULL, error);
    if (result < 0)
        return result;
    *ret_sockdiag = steal_ptr(&sockdiag);
    return 0;
}

void sockdiag_close(struct sockdiag *sockdiag)
{
    if (!sockdiag)
        return;
    disconnect(sockdiag);
    free(sockdiag);
}

bool sockdiag_shows_bound(const struct sockdiag *sockdiag)
{
    return sockdiag->shows_bound;
}
