#include "tracked.h"

#include <errno.h>

static void port_free(struct census_port *port)
{
    holders_done(&port->holders);
    free(port);
}

void tracked_done(struct tracked *tracked)
{
    for (size_t i = 0; i < tracked->count; i++)
        port_free(tracked->ports[i]);
    free(tracked->ports);
    for (size_t i = 0; i < PROTOCOL_COUNT; i++)
        portindex_done(&tracked->slots[i]);
}

struct census_port *tracked_find(const struct tracked *tracked, enum protocol protocol, uint16_t port)
{
    uint32_t slot = portindex_of(&tracked->slots[protocol], port);
    return slot > 0 ? tracked->ports[slot - 1] : NULL;
}

static void remove_at(struct tracked *tracked, size_t index)
{
    struct census_port *gone = tracked->ports[index];
    struct census_port *last = tracked->ports[--tracked->count];
    portindex_set(&tracked->slots[gone->protocol], gone->port, 0);
    if (last != gone) {
        tracked->ports[index] = last;
        portindex_set(&tracked->slots[last->protocol], last->port, (uint32_t)index + 1);
    }
    port_free(gone);
}

static int reserve(struct tracked *tracked, size_t count)
{
    size_t capacity = tracked->capacity > 0 ? tracked->capacity : 16;
    while (capacity < count)
        capacity *= 2;
    if (capacity == tracked->capacity)
        return 0;
    struct census_port **ports = reallocarray(tracked->ports, capacity, sizeof(struct census_port *));
    if (ports == NULL)
        return -ENOMEM;
    tracked->ports = ports;
    tracked->capacity = capacity;
    return 0;
}

int tracked_add(struct tracked *tracked, enum protocol protocol, uint16_t number, int64_t seen_ns,
                struct census_port **ret_port)
{
    int r = reserve(tracked, tracked->count + 1);
    if (r == 0)
        r = portindex_reserve(&tracked->slots[protocol], number);
    if (r < 0)
        return r;
    struct census_port *port = calloc(1, sizeof(*port));
    if (port == NULL)
        return -ENOMEM;
    port->protocol = protocol;
    port->port = number;
    port->last_seen_ns = seen_ns;
    tracked->ports[tracked->count++] = port;
    portindex_set(&tracked->slots[protocol], number, (uint32_t)tracked->count);
    *ret_port = port;
    return 0;
}

int tracked_add_all(struct tracked *tracked, const struct census_watch *ports, size_t count)
{
    size_t before = tracked->count;
    int r = 0;
    for (size_t i = 0; r == 0 && i < count; i++) {
        struct census_port *port = tracked_find(tracked, ports[i].protocol, ports[i].port);
        if (port == NULL)
            r = tracked_add(tracked, ports[i].protocol, ports[i].port, 0, &port);
    }
    while (r < 0 && tracked->count > before)
        remove_at(tracked, tracked->count - 1);
    return r;
}

static void number_slots(struct tracked *tracked)
{
    for (size_t i = 0; i < tracked->count; i++) {
        const struct census_port *port = tracked->ports[i];
        portindex_set(&tracked->slots[port->protocol], port->port, (uint32_t)i + 1);
    }
}

/* The watched ones first, then those seen last. */
static int by_worth(const void *left, const void *right)
{
    const struct census_port *l = *(struct census_port *const *)left;
    const struct census_port *r = *(struct census_port *const *)right;
    if (l->watched != r->watched)
        return l->watched ? -1 : 1;
    return (r->last_seen_ns > l->last_seen_ns) - (r->last_seen_ns < l->last_seen_ns);
}

void tracked_trim(struct tracked *tracked, size_t max)
{
    if (tracked->count <= max)
        return;
    qsort(tracked->ports, tracked->count, sizeof(struct census_port *), by_worth);
    number_slots(tracked);
    while (tracked->count > max && !tracked->ports[tracked->count - 1]->watched)
        remove_at(tracked, tracked->count - 1);
}

bool tracked_drop_silent(struct tracked *tracked, int64_t before_ns)
{
    size_t oldest = tracked->count;
    for (size_t i = 0; i < tracked->count; i++) {
        const struct census_port *port = tracked->ports[i];
        bool silent = !port->watched && port->last_seen_ns < before_ns;
        if (silent && (oldest == tracked->count || port->last_seen_ns < tracked->ports[oldest]->last_seen_ns))
            oldest = i;
    }
    if (oldest == tracked->count)
        return false;
    remove_at(tracked, oldest);
    return true;
}

void tracked_forget(struct tracked *tracked, int64_t seen_ns)
{
    for (size_t i = tracked->count; i-- > 0;)
        if (!tracked->ports[i]->watched && tracked->ports[i]->last_seen_ns <= seen_ns)
            remove_at(tracked, i);
}

static int by_protocol_and_port(const void *left, const void *right)
{
    const struct census_port *l = *(struct census_port *const *)left;
    const struct census_port *r = *(struct census_port *const *)right;
    if (l->protocol != r->protocol)
        return l->protocol < r->protocol ? -1 : 1;
    return (l->port > r->port) - (l->port < r->port);
}

void tracked_sort(struct tracked *tracked)
{
    if (tracked->count == 0)
        return;
    qsort(tracked->ports, tracked->count, sizeof(struct census_port *), by_protocol_and_port);
    number_slots(tracked);
}
