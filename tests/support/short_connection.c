#include "short_connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"

#define BACKLOG 128
/* A FIN that was lost is sent again after 0.2 s. */
#define PATIENCE_NS (20 * CLOCK_NS_PER_S)
#define LOOK_AGAIN_MS 5

static int give_up(const char *what)
{
    (void)fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    return -1;
}

static socklen_t length_of(const union place *place)
{
    return place->generic.sa_family == AF_INET ? sizeof(place->ipv4) : sizeof(place->ipv6);
}

int place_read(const char *address, uint16_t port, union place *ret_place)
{
    union place place = {0};
    if (inet_pton(AF_INET, address, &place.ipv4.sin_addr) == 1) {
        place.ipv4.sin_family = AF_INET;
        place.ipv4.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, address, &place.ipv6.sin6_addr) == 1) {
        place.ipv6.sin6_family = AF_INET6;
        place.ipv6.sin6_port = htons(port);
    } else {
        return -EINVAL;
    }
    *ret_place = place;
    return 0;
}

int short_connection_listen(const union place *place, bool reuseaddr, int *ret_listener)
{
    cleanup(cleanup_close) int fd = socket(place->generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (fd < 0 || (reuseaddr && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) ||
        bind(fd, &place->generic, length_of(place)) < 0 || listen(fd, BACKLOG) < 0)
        return give_up("no listener");
    *ret_listener = steal_fd(&fd);
    return 0;
}

int short_connection_open(int listener, const union place *from, const union place *to,
                          struct short_connection *ret_connection)
{
    cleanup(cleanup_close) int near = socket(to->generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (near < 0)
        return give_up("no client");
    if (bind(near, &from->generic, length_of(from)) < 0)
        return errno == EADDRINUSE ? -EADDRINUSE : give_up("no port for the client");
    if (connect(near, &to->generic, length_of(to)) < 0)
        return give_up("no connection");
    int far = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (far < 0)
        return give_up("no connection accepted");
    *ret_connection = (struct short_connection){.near = steal_fd(&near), .far = far};
    return 0;
}

static void shut(int *fd)
{
    (void)close(*fd);
    *fd = -1;
}

static int close_in_order(int *first, int *second)
{
    char byte;
    shut(first);
    if (read(*second, &byte, 1) != 0)
        return give_up("the end of the connection was not seen");
    shut(second);
    return 0;
}

/* The far end becomes deaf, so that the near end's FIN is lost: then both have sent one, and neither knows. */
static int cross_fins(const struct short_connection *connection)
{
    struct sock_filter drop_all = {.code = BPF_RET | BPF_K, .k = 0};
    const struct sock_fprog program = {.len = 1, .filter = &drop_all};
    const int off = 0;
    if (setsockopt(connection->far, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ||
        shutdown(connection->near, SHUT_WR) < 0 || shutdown(connection->far, SHUT_WR) < 0 ||
        setsockopt(connection->far, SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof(off)) < 0)
        return give_up("the ends cannot close at the same time");
    return 0;
}

/* Only a minisocket is left of it. */
static bool has_left(int fd)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_state == TCP_CLOSE;
}

static int await_leaving(int fd, int64_t deadline_ns)
{
    while (!has_left(fd)) {
        errno = ETIMEDOUT;
        if (clock_monotonic_ns() > deadline_ns)
            return give_up("a connection does not end");
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
    }
    return 0;
}

static int close_together(struct short_connection *connections, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (cross_fins(&connections[i]) < 0)
            return -1;
    int64_t deadline_ns = clock_monotonic_ns() + PATIENCE_NS;
    for (size_t i = 0; i < count; i++) {
        if (await_leaving(connections[i].near, deadline_ns) < 0 || await_leaving(connections[i].far, deadline_ns) < 0)
            return -1;
        shut(&connections[i].near);
        shut(&connections[i].far);
    }
    return 0;
}

int short_connection_close(struct short_connection *connections, size_t count, enum closer closer)
{
    if (closer == CLOSER_BOTH)
        return close_together(connections, count);
    for (size_t i = 0; i < count; i++) {
        struct short_connection *connection = &connections[i];
        int r = closer == CLOSER_SERVER ? close_in_order(&connection->far, &connection->near)
                                        : close_in_order(&connection->near, &connection->far);
        if (r < 0)
            return r;
    }
    return 0;
}
