#include "model/census.h"

#include <errno.h>

#include "tracked.h"
#include "traffic.h"

struct census {
    struct census_limits limits;
    int64_t now_ns;
    int64_t previous_ns; /* of the last round that ended; 0 before */
    uint64_t sockets;
    uint64_t totals[PROTOCOL_COUNT][FAMILY_COUNT][SOCK_STATE_COUNT];
    struct traffic *traffic;     /* owned; NULL unless it is tracked */
    struct ownership *ownership; /* owned */
    struct census_port ephemeral[PROTOCOL_COUNT];
    struct census_port other[PROTOCOL_COUNT];
    struct tracked tracked;
    uint32_t used_count[PROTOCOL_COUNT];
    /* Large, and mostly never written: all that is stands together before them. */
    struct kernel_settings settings;
    struct port_set used[PROTOCOL_COUNT];
};

int census_new(const struct census_limits *limits, struct census **ret_census)
{
    cleanup(census_freep) struct census *census = calloc(1, sizeof(*census));
    if (census == NULL)
        return -ENOMEM;
    census->limits = *limits;
    if (ownership_new(&census->ownership) < 0)
        return -ENOMEM;
    if (limits->track_traffic) {
        int r = traffic_new(limits->max_ports, &census->traffic);
        if (r < 0)
            return r;
    }
    *ret_census = steal_ptr(&census);
    return 0;
}

void census_free(struct census *census)
{
    if (census == NULL)
        return;
    tracked_done(&census->tracked);
    traffic_free(census->traffic);
    ownership_free(census->ownership);
    free(census);
}

/* Of the ports, each counted once: how many there are, and how many have no counter of their own yet. */
static size_t count_ports(const struct census *census, const struct census_watch *ports, size_t count,
                          size_t *ret_uncounted)
{
    struct port_set seen[PROTOCOL_COUNT] = {0};
    size_t distinct = 0;
    *ret_uncounted = 0;
    for (size_t i = 0; i < count; i++) {
        if (port_set_has(&seen[ports[i].protocol], ports[i].port))
            continue;
        port_set_add(&seen[ports[i].protocol], ports[i].port);
        distinct++;
        if (ports[i].protocol == PROTOCOL_TCP && census->traffic != NULL &&
            entered_of(traffic_entered(census->traffic), ports[i].port) == NULL)
            (*ret_uncounted)++;
    }
    return distinct;
}

static void label(struct census *census, const struct census_port *port)
{
    if (census->traffic != NULL && port->protocol == PROTOCOL_TCP)
        traffic_label(census->traffic, port->port);
}

int census_configure(struct census *census, const struct census_limits *limits, const struct census_watch *watches,
                     size_t count)
{
    size_t uncounted;
    if (count_ports(census, watches, count, &uncounted) > limits->max_ports)
        return -ENOSPC;
    int r = tracked_add_all(&census->tracked, watches, count);
    if (r < 0)
        return r;
    if (census->traffic != NULL)
        traffic_allow(census->traffic, limits->max_ports, uncounted);
    census->limits = *limits;
    for (size_t i = 0; i < census->tracked.count; i++)
        census->tracked.ports[i]->watched = false;
    for (size_t i = 0; i < count; i++) {
        struct census_port *port = tracked_find(&census->tracked, watches[i].protocol, watches[i].port);
        port->watched = true;
        label(census, port);
    }
    tracked_trim(&census->tracked, limits->max_ports);
    tracked_sort(&census->tracked);
    return 0;
}

void census_limit(struct census *census, size_t max_ports)
{
    census->limits.max_ports = max_ports;
}

int64_t census_silent_since(const struct census *census)
{
    int64_t since = INT64_MAX;
    for (size_t i = 0; i < census->tracked.count; i++) {
        const struct census_port *port = census->tracked.ports[i];
        if (!port->watched && port->last_seen_ns < census->previous_ns && port->last_seen_ns < since)
            since = port->last_seen_ns;
    }
    return since;
}

void census_drop_silent(struct census *census)
{
    (void)tracked_drop_silent(&census->tracked, census->previous_ns);
    tracked_sort(&census->tracked);
}

static void clear(struct census_port *port)
{
    memset(port->states, 0, sizeof(port->states));
    port->longest_time_wait_ms = 0;
    port->listening = false;
    holders_reset(&port->holders);
}

void census_begin(struct census *census, int64_t now_ns, const struct kernel_settings *settings)
{
    census->now_ns = now_ns;
    kernel_settings_copy(&census->settings, settings);
    census->sockets = 0;
    memset(census->totals, 0, sizeof(census->totals));
    ownership_begin(census->ownership, now_ns);
    if (census->traffic != NULL)
        traffic_begin(census->traffic, now_ns, &census->settings);
    for (enum protocol protocol = PROTOCOL_TCP; protocol <= PROTOCOL_UDP; protocol++) {
        if (census->used_count[protocol] > 0)
            port_set_clear(&census->used[protocol]);
        census->used_count[protocol] = 0;
        clear(&census->ephemeral[protocol]);
        clear(&census->other[protocol]);
        census->ephemeral[protocol].protocol = protocol;
        census->other[protocol].protocol = protocol;
    }
    for (size_t i = 0; i < census->tracked.count; i++)
        clear(census->tracked.ports[i]);
}

static bool earns_tracking(const struct census *census, const struct sock *sock)
{
    if (census->limits.track_all)
        return true;
    if (!census->limits.track_listeners)
        return false;
    if (sock->protocol == PROTOCOL_TCP)
        return sock->state == SOCK_LISTEN;
    return !kernel_port_in_range(&census->settings, sock->local_port);
}

static void count_in(struct census_port *port, const struct sock *sock)
{
    port->states[sock->state]++;
    if (sock->state == SOCK_TIME_WAIT && sock_due_ms(sock) > port->longest_time_wait_ms)
        port->longest_time_wait_ms = sock_due_ms(sock);
}

/*
 * Where there is no room the port that has been silent longest makes some. One that had sockets in the round before may
 * still show some in this one, so it stays. Returns -ENOSPC when all do.
 */
static int track(struct census *census, enum protocol protocol, uint16_t number, struct census_port **ret_port)
{
    if (census->tracked.count >= census->limits.max_ports &&
        !tracked_drop_silent(&census->tracked, census->previous_ns))
        return -ENOSPC;
    int r = tracked_add(&census->tracked, protocol, number, census->now_ns, ret_port);
    if (r == 0)
        label(census, *ret_port);
    return r;
}

/* The port that counts the socket. */
static int place(struct census *census, const struct sock *sock, bool in_range, struct census_port **ret_port)
{
    struct census_port *port = tracked_find(&census->tracked, sock->protocol, sock->local_port);
    if (port == NULL && sock->local_port != 0 && earns_tracking(census, sock)) {
        int r = track(census, sock->protocol, sock->local_port, &port);
        if (r < 0 && r != -ENOSPC)
            return r;
    }
    if (port == NULL)
        port = in_range ? &census->ephemeral[sock->protocol] : &census->other[sock->protocol];
    *ret_port = port;
    return 0;
}

int census_add(struct census *census, const struct sock *sock)
{
    census->sockets++;
    census->totals[sock->protocol][sock->family][sock->state]++;
    bool in_range = kernel_port_in_range(&census->settings, sock->local_port);
    if (in_range && !port_set_has(&census->used[sock->protocol], sock->local_port)) {
        port_set_add(&census->used[sock->protocol], sock->local_port);
        census->used_count[sock->protocol]++;
    }
    struct census_port *port = NULL;
    int r = place(census, sock, in_range, &port);
    if (r == 0 && census->traffic != NULL)
        r = traffic_add(census->traffic, sock, in_range);
    if (r < 0)
        return r;
    count_in(port, sock);
    if (port->port == 0)
        return 0;
    port->last_seen_ns = census->now_ns;
    port->listening = port->listening || sock->state == SOCK_LISTEN;
    struct claim claim = {0};
    if (sock->protocol == PROTOCOL_TCP)
        ownership_see(census->ownership, sock, &claim);
    return holders_add_claimed(&port->holders, sock, &claim);
}

void census_end(struct census *census)
{
    ownership_end(census->ownership);
    if (census->traffic != NULL)
        traffic_end(census->traffic);
    census->previous_ns = census->now_ns;
    tracked_forget(&census->tracked, census->now_ns - census->limits.forget_after_ns);
    tracked_sort(&census->tracked);
}

uint64_t census_total(const struct census *census, enum protocol protocol, enum family family, enum sock_state state)
{
    return census->totals[protocol][family][state];
}

uint64_t census_sockets(const struct census *census)
{
    return census->sockets;
}

uint32_t census_ephemeral_used(const struct census *census, enum protocol protocol)
{
    return census->used_count[protocol];
}

size_t census_port_count(const struct census *census)
{
    return census->tracked.count;
}

const struct census_port *census_port_at(const struct census *census, size_t index)
{
    return census->tracked.ports[index];
}

const struct census_port *census_port_find(const struct census *census, enum protocol protocol, uint16_t port)
{
    return tracked_find(&census->tracked, protocol, port);
}

const struct census_port *census_ephemeral(const struct census *census, enum protocol protocol)
{
    return &census->ephemeral[protocol];
}

const struct census_port *census_other(const struct census *census, enum protocol protocol)
{
    return &census->other[protocol];
}

const struct port_set *census_used_ports(const struct census *census, enum protocol protocol)
{
    return &census->used[protocol];
}

void census_add_chosen(struct census *census, const struct sock *sock)
{
    traffic_add_chosen(census->traffic, sock);
}

const struct port_set *census_bound_ports(const struct census *census)
{
    return traffic_bound_ports(census->traffic);
}

const struct ledger *census_ledger(const struct census *census)
{
    return census->traffic != NULL ? traffic_ledger(census->traffic) : NULL;
}

const struct entered *census_entered(const struct census *census)
{
    return census->traffic != NULL ? traffic_entered(census->traffic) : NULL;
}

const struct destinations *census_destinations(const struct census *census)
{
    return census->traffic != NULL ? traffic_destinations(census->traffic) : NULL;
}

struct ownership *census_ownership(struct census *census)
{
    return census->ownership;
}
