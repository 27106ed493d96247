#include "collect/bindprobe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

union socket_address {
    struct sockaddr generic;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

static socklen_t fill_address(union socket_address *socket_address, const struct address *address, uint16_t port)
{
    *socket_address = (union socket_address){0};
    switch (address->family) {
    case FAMILY_IPV4:
        socket_address->ipv4.sin_family = AF_INET;
        socket_address->ipv4.sin_port = htons(port);
        memcpy(&socket_address->ipv4.sin_addr, address->bytes, sizeof(socket_address->ipv4.sin_addr));
        return sizeof(socket_address->ipv4);
    case FAMILY_IPV6:
        socket_address->ipv6.sin6_family = AF_INET6;
        socket_address->ipv6.sin6_port = htons(port);
        memcpy(&socket_address->ipv6.sin6_addr, address->bytes, sizeof(socket_address->ipv6.sin6_addr));
        return sizeof(socket_address->ipv6);
    }
    return 0;
}

/* A descriptor, or a negative errno. */
static int open_socket(enum protocol protocol, enum family family, bool reuseaddr)
{
    int domain = family == FAMILY_IPV4 ? AF_INET : AF_INET6;
    int type = protocol == PROTOCOL_TCP ? SOCK_STREAM : SOCK_DGRAM;
    cleanup(cleanup_close) int fd = socket(domain, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;

    const int on = 1;
    const int off = 0;
    /* Explicit: net.ipv6.bindv6only would otherwise decide what kind of bind this is. */
    if (family == FAMILY_IPV6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
        return -errno;
    if (reuseaddr && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return -errno;
    return steal_fd(&fd);
}

int bindprobe_try(enum protocol protocol, const struct address *address, uint16_t port, bool reuseaddr,
                  struct bind_result *ret_result)
{
    if (protocol == PROTOCOL_UDP && reuseaddr)
        return -EINVAL;

    union socket_address socket_address;
    socklen_t length = fill_address(&socket_address, address, port);
    struct bind_result outcome = {.address = *address, .reuseaddr = reuseaddr, .performed = true};

    cleanup(cleanup_close) int fd = open_socket(protocol, address->family, reuseaddr);
    if (fd == -EAFNOSUPPORT)
        outcome.error = EAFNOSUPPORT;
    else if (fd < 0)
        return fd;
    else if (bind(fd, &socket_address.generic, length) < 0)
        outcome.error = errno;
    *ret_result = outcome;
    return 0;
}

bool bindprobe_is_harmless(const struct kernel_settings *settings, const struct address *address, uint16_t port)
{
    if (address_is_wildcard(address) || kernel_is_at_least(settings, 6, 18))
        return true;
    return settings->local_port_low != KERNEL_UNKNOWN && settings->local_port_high != KERNEL_UNKNOWN &&
           !kernel_port_in_range(settings, port);
}
