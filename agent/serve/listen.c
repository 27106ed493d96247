#include "serve/listen.h"

#include <errno.h>
#include <stdio.h>

#include "base/parse.h"
#include "model/sockaddr.h"

/* For a burst, which the server accepts or refuses within milliseconds: nobody waits here for others to leave. */
#define BACKLOG 256

static int refuse(struct error *error, const char *text)
{
    return error_set(
        error, -EINVAL,
        "\"%.40s\" is no address to listen on: use 127.0.0.1:10098, [::1]:10098, or :10098 for all addresses", text);
}

/* endpoint_parse() reads more than is meant here, a protocol before the address for one, and refuses port 0. */
static int parse_host(const char *text, size_t length, uint16_t port, struct endpoint *endpoint, struct error *error)
{
    char host[ENDPOINT_TEXT_MAX];
    bool bracketed = text[0] == '[';
    if (length >= sizeof(host) - sizeof(":65535") || (!bracketed && memchr(text, ':', length) != NULL))
        return refuse(error, text);
    (void)snprintf(host, sizeof(host), "%.*s:%u", (int)length, text, port != 0 ? port : 1U);
    struct endpoint_range range = {0};
    int result = endpoint_parse(host, &range, error);
    if (result != 0)
        return result;
    /* "tcp:80": a protocol in the place of the address. */
    if (range.first.any_address)
        return refuse(error, text);
    *endpoint = range.first;
    return 0;
}

int listen_parse(const char *text, struct endpoint *ret_endpoint, struct error *error)
{
    const char *colon = strrchr(text, ':');
    uint64_t port = 0;
    if (colon == NULL || parse_uint(colon + 1, UINT16_MAX, &port) != 0)
        return refuse(error, text);

    struct endpoint endpoint = {.protocol = PROTOCOL_TCP, .any_address = true};
    size_t length = (size_t)(colon - text);
    bool any = length == 0 || (length == 1 && text[0] == '*');
    int result = any ? 0 : parse_host(text, length, (uint16_t)port, &endpoint, error);
    if (result != 0)
        return result;
    endpoint.port = (uint16_t)port;
    *ret_endpoint = endpoint;
    return 0;
}

/* A listening socket; *port: as bound. */
static int open_listener(const struct address *address, uint16_t *port, int *ret_fd)
{
    union sockaddr_any socket_address;
    socklen_t length = sockaddr_fill(&socket_address, address, *port);
    cleanup(cleanup_close) int fd = socket(socket_address.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;

    const int on = 1;
    /* Explicit: net.ipv6.bindv6only would otherwise decide. */
    const int v6only = !address_is_wildcard(address);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return -errno;
    if (address->family == FAMILY_IPV6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) < 0)
        return -errno;
    if (bind(fd, &socket_address.generic, length) < 0 || listen(fd, BACKLOG) < 0)
        return -errno;
    if (getsockname(fd, &socket_address.generic, &length) < 0)
        return -errno;
    *port = ntohs(address->family == FAMILY_IPV4 ? socket_address.ipv4.sin_port : socket_address.ipv6.sin6_port);
    *ret_fd = steal_fd(&fd);
    return 0;
}

int listen_open(const struct endpoint *endpoint, int *ret_fd, struct endpoint *ret_endpoint, struct error *error)
{
    const struct address everything = {.family = FAMILY_IPV6};
    const struct address everything_ipv4 = {.family = FAMILY_IPV4};
    struct endpoint bound = *endpoint;
    int result = open_listener(endpoint->any_address ? &everything : &endpoint->address, &bound.port, ret_fd);
    if (result == -EAFNOSUPPORT && endpoint->any_address)
        result = open_listener(&everything_ipv4, &bound.port, ret_fd);
    if (result != 0) {
        char name[ENDPOINT_TEXT_MAX];
        endpoint_format(endpoint, name);
        return error_set(error, result, "cannot listen on %s: %s", name, strerrordesc_np(-result));
    }
    *ret_endpoint = bound;
    return 0;
}
