#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "connection.h"
#include "sandbox.h"

#define DEADLINE_NS (3 * CLOCK_NS_PER_S)
#define PAUSE_MS 1
#define ACCEPT_TIMEOUT_MS 1000

/* Whereto connected UDP sockets of the tests would send; they never do. */
#define DISCARD_PORT 9

#define RANGE "ipv4/ip_local_port_range"
#define RANGE_DEFAULT "32768 60999"

const char *const world_addresses[] = {"*", "0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1", NULL};

struct endpoint world_endpoint(const struct world *world, enum protocol protocol, const char *address)
{
    struct endpoint endpoint = {.protocol = protocol, .any_address = strcmp(address, "*") == 0, .port = world->port};
    if (endpoint.any_address)
        return endpoint;
    bool ipv6 = strchr(address, ':') != NULL;
    endpoint.address.family = ipv6 ? FAMILY_IPV6 : FAMILY_IPV4;
    (void)inet_pton(ipv6 ? AF_INET6 : AF_INET, address, endpoint.address.bytes);
    return endpoint;
}

static void keep(struct world *world, int *fd)
{
    if (*fd < 0)
        return;
    if (world->socket_count == WORLD_SOCKETS_MAX)
        abort();
    world->sockets[world->socket_count++] = steal_fd(fd);
}

static void keep_listener(struct world *world, int *fd)
{
    world->listeners[world->listener_count++] = *fd;
    keep(world, fd);
}

void world_done(struct world *world)
{
    for (size_t i = 0; i < world->socket_count; i++)
        (void)close(world->sockets[i]);
    world->socket_count = 0;
    world->listener_count = 0;
}

/* One socket of the port, as it is waited for. */
struct expectation {
    uint16_t remote_port;
    enum sock_state state;
    bool minisocket;
    bool seen;
};

static int compare(void *context, const struct sock *sock)
{
    struct expectation *expected = context;
    if (sock->remote_port == expected->remote_port && sock->state == expected->state &&
        sock->minisocket == expected->minisocket)
        expected->seen = true;
    return 0;
}

/* Loopback is quick, but its packets are delivered when the kernel sees fit. */
static int await(const struct world *world, const struct tenant *tenant, int ours, uint16_t peer_port)
{
    const struct sockets_query query = {.protocol = PROTOCOL_TCP, .port = world->port};
    int64_t deadline_ns = clock_monotonic_ns() + DEADLINE_NS;
    while (clock_monotonic_ns() < deadline_ns) {
        struct expectation expected = {
            .remote_port = peer_port,
            .state = tenant->state,
            .minisocket = tenant_is_minisocket(tenant),
        };
        if (tenant->state == SOCK_BOUND_INACTIVE)
            expected.seen = connection_is_none(ours);
        else if (sockets_walk(world->table, &query, compare, &expected, NULL) < 0)
            return -EIO;
        if (expected.seen)
            return 0;
        (void)poll(NULL, 0, PAUSE_MS);
    }
    return -ETIME;
}

/* Our end of the connection that the peer has made: whichever listener of the port the kernel gave it to. */
static int accept_peer(struct world *world, int listener, uint16_t peer_port)
{
    struct pollfd waiting[WORLD_SOCKETS_MAX + 1];
    nfds_t count = 0;
    waiting[count++] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (size_t i = 0; i < world->listener_count; i++)
        waiting[count++] = (struct pollfd){.fd = world->listeners[i], .events = POLLIN};
    while (poll(waiting, count, ACCEPT_TIMEOUT_MS) > 0)
        for (nfds_t i = 0; i < count; i++) {
            if (waiting[i].revents == 0)
                continue;
            cleanup(cleanup_close) int fd = accept4(waiting[i].fd, NULL, NULL, SOCK_CLOEXEC);
            if (fd < 0)
                return -errno;
            if (connection_remote_port(fd) == peer_port)
                return steal_fd(&fd);
            /* Another tenant's, which waited in the queue: it goes on living. */
            keep(world, &fd);
        }
    return -ETIMEDOUT;
}

/* An established connection, or one that is left to wait in the accept queue, comes to its state. */
static int settle(struct world *world, struct tenant *tenant, struct connection *connection, uint16_t peer_port)
{
    int reuseaddr = tenant->afterthought == AFTERTHOUGHT_SET;
    socklen_t length = sizeof(reuseaddr);
    if (tenant->afterthought != AFTERTHOUGHT_NONE &&
        setsockopt(connection->ours, SOL_SOCKET, SO_REUSEADDR, &reuseaddr, length) < 0)
        return -errno;
    if (getsockopt(connection->ours, SOL_SOCKET, SO_REUSEADDR, &reuseaddr, &length) == 0)
        tenant->reuseaddr = reuseaddr != 0;
    int r = connection_bring(connection, tenant->state, tenant->orphan);
    if (r == 0)
        r = await(world, tenant, connection->ours, peer_port);
    keep(world, &connection->ours);
    keep(world, &connection->theirs);
    return r < 0 ? -ETIME : 0;
}

static bool waits_in_queue(const struct tenant *tenant)
{
    return tenant->orphan && (tenant->state == SOCK_ESTABLISHED || tenant->state == SOCK_CLOSE_WAIT);
}

static int add_accepted(struct world *world, struct tenant *tenant, int *listener)
{
    cleanup(connection_done) struct connection connection = CONNECTION_NONE;
    const char *goal = spot_reached_at(tenant->spot, tenant->ipv6);
    int domain = strchr(goal, ':') != NULL ? AF_INET6 : AF_INET;
    connection.theirs = socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool knocks = tenant->state == SOCK_SYN_RECV;
    int r = knocks ? connection_knock(connection.theirs, goal, world->port)
                   : connection_connect(connection.theirs, goal, world->port);
    if (r < 0)
        return r;
    uint16_t peer_port = connection_local_port(connection.theirs);
    if (!knocks && !waits_in_queue(tenant)) {
        connection.ours = accept_peer(world, *listener, peer_port);
        if (connection.ours < 0)
            return -ETIME;
    }
    if (tenant->listener_stays)
        keep_listener(world, listener);
    if (!knocks)
        return settle(world, tenant, &connection, peer_port);
    keep(world, &connection.theirs);
    return await(world, tenant, -1, peer_port);
}

static int add_server(struct world *world, struct tenant *tenant)
{
    cleanup(cleanup_close) int fd = tenant_socket(tenant);
    int r = fd < 0 ? fd : spot_bind(fd, tenant->spot, world->port);
    if (r < 0)
        return r;
    bool bound_only = tenant->state == SOCK_BOUND_INACTIVE || tenant->protocol == PROTOCOL_UDP;
    if (!bound_only && listen(fd, SOMAXCONN) < 0)
        return -errno;
    if (!bound_only && tenant->state != SOCK_LISTEN)
        return add_accepted(world, tenant, &fd);
    if (tenant->protocol == PROTOCOL_UDP && tenant->state == SOCK_ESTABLISHED)
        r = connection_connect(fd, spot_connects_to(tenant->spot, tenant->ipv6), DISCARD_PORT);
    if (r < 0)
        return r;
    if (tenant->state == SOCK_LISTEN)
        keep_listener(world, &fd);
    else
        keep(world, &fd);
    return 0;
}

/* For the time of a bind() or connect(), a range of one port makes the kernel pick just that. */
static int narrow_range(uint16_t port)
{
    char range[32];
    (void)snprintf(range, sizeof(range), "%u %u", port, port);
    return sandbox_set(RANGE, range);
}

static int connect_from(const struct world *world, const struct tenant *tenant, int fd, uint16_t harbour)
{
    const char *goal = spot_connects_to(tenant->spot, tenant->ipv6);
    int r = 0;
    if (tenant->role != ROLE_AUTOBIND)
        r = spot_bind(fd, tenant->spot, tenant->role == ROLE_CLIENT ? world->port : 0);
    if (r < 0)
        return r;
    return tenant->state == SOCK_SYN_SENT ? connection_knock(fd, goal, harbour) : connection_connect(fd, goal, harbour);
}

/* The client's connect(), from the port of the world. */
static int leave_port(const struct world *world, const struct tenant *tenant, int fd, uint16_t harbour_port)
{
    if (tenant->role == ROLE_CLIENT)
        return connect_from(world, tenant, fd, harbour_port);
    int r = narrow_range(world->port);
    if (r == 0)
        r = connect_from(world, tenant, fd, harbour_port);
    return sandbox_set(RANGE, RANGE_DEFAULT) < 0 ? -EIO : r;
}

static int add_udp_client(struct world *world, const struct tenant *tenant)
{
    cleanup(cleanup_close) int fd = tenant_socket(tenant);
    int r = fd < 0 ? fd : leave_port(world, tenant, fd, DISCARD_PORT);
    if (r == 0)
        keep(world, &fd);
    return r;
}

static int add_client(struct world *world, struct tenant *tenant)
{
    cleanup(connection_done) struct connection connection = CONNECTION_NONE;
    bool ipv6 = strcmp(spot_connects_to(tenant->spot, tenant->ipv6), "::1") == 0;
    uint16_t peer_port;
    cleanup(cleanup_close) int harbour = connection_harbour(ipv6 ? "::1" : "127.0.0.1", &peer_port);
    if (harbour < 0)
        return harbour;
    connection.ours = tenant_socket(tenant);
    int r = connection.ours < 0 ? connection.ours : leave_port(world, tenant, connection.ours, peer_port);
    if (r < 0)
        return r;
    if (tenant->state == SOCK_SYN_SENT) {
        keep(world, &connection.ours);
        keep(world, &harbour);
        return await(world, tenant, -1, peer_port);
    }
    connection.theirs = accept4(harbour, NULL, NULL, SOCK_CLOEXEC);
    return connection.theirs < 0 ? -errno : settle(world, tenant, &connection, peer_port);
}

int world_add(struct world *world, struct tenant *tenant)
{
    if (tenant->role == ROLE_SERVER)
        return add_server(world, tenant);
    return tenant->protocol == PROTOCOL_UDP ? add_udp_client(world, tenant) : add_client(world, tenant);
}
