#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "spot.h"

/* On lo a connection takes microseconds; one through a device that leads nowhere is never made. */
#define CONNECT_TIMEOUT_MS 500

static void close_end(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

void connection_done(struct connection *connection)
{
    close_end(&connection->ours);
    close_end(&connection->theirs);
}

int connection_harbour(const char *numeric, uint16_t *ret_port)
{
    union spot_address address;
    socklen_t length = spot_address(numeric, 0, &address);
    cleanup(cleanup_close) int fd = socket(address.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, &address.generic, length) < 0 || listen(fd, SOMAXCONN) < 0)
        return -errno;
    *ret_port = connection_local_port(fd);
    return steal_fd(&fd);
}

/* Of both families the port is at the same place. */
static uint16_t port_of(const union spot_address *address)
{
    return ntohs(address->ipv4.sin_port);
}

uint16_t connection_local_port(int fd)
{
    union spot_address address = {0};
    socklen_t length = sizeof(address);
    return getsockname(fd, &address.generic, &length) < 0 ? 0 : port_of(&address);
}

uint16_t connection_remote_port(int fd)
{
    union spot_address address = {0};
    socklen_t length = sizeof(address);
    return getpeername(fd, &address.generic, &length) < 0 ? 0 : port_of(&address);
}

bool connection_is_none(int fd)
{
    struct tcp_info info = {0};
    socklen_t length = sizeof(info);
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_state == TCP_CLOSE;
}

/* 0 also when the answer is still to come. */
static int send_syn(int fd, const char *numeric, uint16_t port)
{
    union spot_address address;
    socklen_t length = spot_address(numeric, port, &address);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    return connect(fd, &address.generic, length) < 0 && errno != EINPROGRESS ? -errno : 0;
}

int connection_connect(int fd, const char *numeric, uint16_t port)
{
    int error = 0;
    socklen_t length = sizeof(error);
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    int r = send_syn(fd, numeric, port);
    if (r < 0)
        return r;
    if (poll(&waiting, 1, CONNECT_TIMEOUT_MS) != 1)
        return -ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? -errno : -error;
}

/* A socket filter sees what arrives before TCP does: to the peer its packets seem lost. No firewall is needed for that.
 */
static int mute(int fd)
{
    struct sock_filter drop = {.code = BPF_RET | BPF_K, .k = 0};
    const struct sock_fprog program = {.len = 1, .filter = &drop};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno : 0;
}

int connection_knock(int fd, const char *numeric, uint16_t port)
{
    int r = mute(fd);
    return r < 0 ? r : send_syn(fd, numeric, port);
}

static int leave(struct connection *connection, bool orphan)
{
    if (orphan) {
        close_end(&connection->ours);
        return 0;
    }
    return shutdown(connection->ours, SHUT_WR) < 0 ? -errno : 0;
}

static int say_goodbye(const struct connection *connection)
{
    return shutdown(connection->theirs, SHUT_WR) < 0 ? -errno : 0;
}

/* Our FIN, acknowledged at once: a peer that has received it would else take its time (40 ms). */
static int half_close(struct connection *connection, bool orphan)
{
    const int on = 1;
    int r = leave(connection, orphan);
    if (r == 0 && setsockopt(connection->theirs, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on)) < 0)
        r = -errno;
    return r;
}

/* Our FIN is lost on its way again and again, so that it stays unacknowledged. */
static int close_unheard(struct connection *connection, bool orphan)
{
    int r = mute(connection->theirs);
    return r < 0 ? r : leave(connection, orphan);
}

static int reset(struct connection *connection)
{
    const struct linger abort_it = {.l_onoff = 1, .l_linger = 0};
    if (setsockopt(connection->theirs, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it)) < 0)
        return -errno;
    close_end(&connection->theirs);
    return 0;
}

int connection_bring(struct connection *connection, enum sock_state state, bool orphan)
{
    int r;
    switch (state) {
    case SOCK_ESTABLISHED:
        return 0;
    case SOCK_CLOSE_WAIT:
        return say_goodbye(connection);
    case SOCK_FIN_WAIT1:
        return close_unheard(connection, orphan);
    case SOCK_FIN_WAIT2:
        return half_close(connection, orphan);
    case SOCK_CLOSING:
        r = close_unheard(connection, orphan);
        return r < 0 ? r : say_goodbye(connection);
    case SOCK_LAST_ACK:
        r = say_goodbye(connection);
        return r < 0 ? r : close_unheard(connection, orphan);
    case SOCK_TIME_WAIT:
        r = leave(connection, orphan);
        if (r == 0)
            close_end(&connection->theirs);
        return r;
    case SOCK_BOUND_INACTIVE:
        return reset(connection);
    case SOCK_SYN_SENT:
    case SOCK_SYN_RECV:
    case SOCK_CLOSE:
    case SOCK_LISTEN:
        return -EINVAL;
    }
    return -EINVAL;
}
