#include "collect/bindprobe.h"

#include <errno.h>

#include "model/sockaddr.h"

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

    union sockaddr_any socket_address;
    socklen_t length = sockaddr_fill(&socket_address, address, port);
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
