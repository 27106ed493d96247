#include "model/census.h"

#include <errno.h>

#include "traffic.h"

#define PORTS 65536

struct census {
    struct census_limits limits;
    struct kernel_settings settings;
    int64_t now_ns;
    int64_t previous_ns; /* of the last round that ended; 0 before */
    uint64_t sockets;
    uint64_t totals[PROTOCOL_COUNT][FAMILY_COUNT][SOCK_STATE_COUNT];
    struct port_set used[PROTOCOL_COUNT];
    struct traffic *traffic; /* owned; NULL unless it is tracked */
    struct census_port ephemeral[PROTOCOL_COUNT];
    struct census_port other[PROTOCOL_COUNT];
    struct census_port **ports; /* owned; by protocol, then port, after census_end() */
    size_t count;
    size_t capacity;
    uint32_t slots[PROTOCOL_COUNT][PORTS]; /* index into ports, plus one; 0: not tracked */
};

int census_new(const struct census_limits *limits, struct census **ret_census)
{
    cleanup(census_freep) struct census *census = calloc(1, sizeof(*census));
    if (census == NULL)
        return -ENOMEM;
    census->limits = *limits;
    if (limits->track_traffic) {
        int r = traffic_new(limits->max_ports, &census->traffic);
        if (r < 0)
            return r;
    }
    *ret_census = steal_ptr(&census);
    return 0;
}

static void port_free(struct census_port *port)
{
    holders_done(&port->holders);
    free(port);
}

void census_free(struct census *census)
{
    if (census == NULL)
        return;
    for (size_t i = 0; i < census->count; i++)
        port_free(census->ports[i]);
    free(census->ports);
    traffic_free(census->traffic);
    free(census);
}

static struct census_port *lookup(const struct census *census, enum protocol protocol, uint16_t port)
{
    uint32_t slot = census->slots[protocol][port];
    return slot > 0 ? census->ports[slot - 1] : NULL;
}

static void remove_at(struct census *census, size_t index)
{
    struct census_port *gone = census->ports[index];
    struct census_port *last = census->ports[--census->count];
    census->slots[gone->protocol][gone->port] = 0;
    if (last != gone) {
        census->ports[index] = last;
        census->slots[last->protocol][last->port] = (uint32_t)index + 1;
    }
    port_free(gone);
}

/*
 * Drops the port that has been silent longest. One that had sockets in the round before may still show some in this
 * one, so it stays.
 */
static bool make_room(struct census *census)
{
    size_t oldest = census->count;
    for (size_t i = 0; i < census->count; i++) {
        const struct census_port *port = census->ports[i];
        bool silent = !port->watched && port->last_seen_ns < census->previous_ns;
        if (silent && (oldest == census->count || port->last_seen_ns < census->ports[oldest]->last_seen_ns))
            oldest = i;
    }
    if (oldest == census->count)
        return false;
    remove_at(census, oldest);
    return true;
}

static int grow(struct census *census)
{
    if (census->count < census->capacity)
        return 0;
    size_t capacity = census->capacity > 0 ? census->capacity * 2 : 16;
    struct census_port **ports = reallocarray(census->ports, capacity, sizeof(struct census_port *));
    if (ports == NULL)
        return -ENOMEM;
    census->ports = ports;
    census->capacity = capacity;
    return 0;
}

/* -ENOSPC when there is no room. */
static int track(struct census *census, enum protocol protocol, uint16_t number, struct census_port **ret_port)
{
    if (census->count >= census->limits.max_ports && !make_room(census))
        return -ENOSPC;
    int r = grow(census);
    if (r < 0)
        return r;
    struct census_port *port = calloc(1, sizeof(*port));
    if (port == NULL)
        return -ENOMEM;
    port->protocol = protocol;
    port->port = number;
    port->last_seen_ns = census->now_ns;
    census->ports[census->count++] = port;
    census->slots[protocol][number] = (uint32_t)census->count;
    if (census->traffic != NULL && protocol == PROTOCOL_TCP)
        traffic_label(census->traffic, number);
    *ret_port = port;
    return 0;
}

int census_watch(struct census *census, enum protocol protocol, uint16_t number)
{
    struct census_port *port = lookup(census, protocol, number);
    if (port == NULL) {
        int r = track(census, protocol, number, &port);
        if (r < 0)
            return r;
    }
    port->watched = true;
    return 0;
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
    census->settings = *settings;
    census->sockets = 0;
    memset(census->totals, 0, sizeof(census->totals));
    memset(census->used, 0, sizeof(census->used));
    if (census->traffic != NULL)
        traffic_begin(census->traffic, now_ns, settings);
    for (enum protocol protocol = PROTOCOL_TCP; protocol <= PROTOCOL_UDP; protocol++) {
        clear(&census->ephemeral[protocol]);
        clear(&census->other[protocol]);
        census->ephemeral[protocol].protocol = protocol;
        census->other[protocol].protocol = protocol;
    }
    for (size_t i = 0; i < census->count; i++)
        clear(census->ports[i]);
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
    if (sock->state == SOCK_TIME_WAIT && sock->remaining_ms > port->longest_time_wait_ms)
        port->longest_time_wait_ms = sock->remaining_ms;
}

/* The port that counts the socket. */
static int place(struct census *census, const struct sock *sock, bool in_range, struct census_port **ret_port)
{
    struct census_port *port = lookup(census, sock->protocol, sock->local_port);
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
    if (in_range)
        port_set_add(&census->used[sock->protocol], sock->local_port);
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
    return holders_add(&port->holders, sock);
}

static int by_protocol_and_port(const void *left, const void *right)
{
    const struct census_port *l = *(struct census_port *const *)left;
    const struct census_port *r = *(struct census_port *const *)right;
    if (l->protocol != r->protocol)
        return l->protocol < r->protocol ? -1 : 1;
    return (l->port > r->port) - (l->port < r->port);
}

void census_end(struct census *census)
{
    if (census->traffic != NULL)
        traffic_end(census->traffic);
    census->previous_ns = census->now_ns;
    for (size_t i = census->count; i-- > 0;) {
        const struct census_port *port = census->ports[i];
        if (!port->watched && census->now_ns - port->last_seen_ns >= census->limits.forget_after_ns)
            remove_at(census, i);
    }
    if (census->count == 0)
        return;
    qsort(census->ports, census->count, sizeof(struct census_port *), by_protocol_and_port);
    for (size_t i = 0; i < census->count; i++)
        census->slots[census->ports[i]->protocol][census->ports[i]->port] = (uint32_t)i + 1;
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
    int used = 0;
    for (size_t i = 0; i < sizeof(census->used[protocol].words) / sizeof(census->used[protocol].words[0]); i++)
        used += __builtin_popcountll(census->used[protocol].words[i]);
    return (uint32_t)used;
}

size_t census_port_count(const struct census *census)
{
    return census->count;
}

const struct census_port *census_port_at(const struct census *census, size_t index)
{
    return census->ports[index];
}

const struct census_port *census_port_find(const struct census *census, enum protocol protocol, uint16_t port)
{
    return lookup(census, protocol, port);
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
