#include "round_report.h"

#include <errno.h>

#include "judge/explain.h"
#include "judge/remedy.h"
#include "restart.h"

#define HOLDER_OWNERS_MAX (HOLDER_INODES_MAX * OWNERS_PER_INODE_MAX)

static void add_count(struct report_netns *netns, const struct census_port *port, const char *label)
{
    struct report_counts *counts = &netns->counts[netns->count_count++];
    *counts = (struct report_counts){
        .protocol = port->protocol,
        .port = port->port,
        .label = label,
        .longest_time_wait_ms = port->longest_time_wait_ms,
    };
    memcpy(counts->states, port->states, sizeof(counts->states));
}

/* Who has the listener; or who had it, when he has ended since the sockets were read. */
static const struct owner *first_owner(const struct owners *owners, const struct ownership *ownership,
                                       const struct holder *holder)
{
    for (size_t i = 0; owners != NULL && i < holder->inode_count; i++) {
        size_t count;
        const struct owner *found = owners_find(owners, holder->inodes[i], &count);
        if (found != NULL && count > 0)
            return found;
    }
    return owners != NULL && holder->claim.count > 0 ? ownership_process(ownership, holder->claim.processes[0]) : NULL;
}

static bool is_fuller(const struct holder *holder, const struct report_listener *listener)
{
    return (int64_t)holder->queue_length - holder->queue_limit >
           (int64_t)listener->queue_length - listener->queue_limit;
}

/* Where the listener stands, or would stand, among those of its port, which are the last ones. */
static struct report_listener *listener_place(struct report_netns *netns, const struct address *address, uint16_t port)
{
    size_t at = netns->listener_count;
    while (at > 0 && netns->listeners[at - 1].port == port) {
        const struct address *before = &netns->listeners[at - 1].address;
        int order = before->family != address->family ? (before->family < address->family ? -1 : 1)
                                                      : memcmp(before->bytes, address->bytes, sizeof(address->bytes));
        if (order == 0)
            return &netns->listeners[at - 1];
        if (order < 0)
            break;
        at--;
    }
    memmove(&netns->listeners[at + 1], &netns->listeners[at], (netns->listener_count - at) * sizeof(*netns->listeners));
    netns->listener_count++;
    netns->listeners[at] =
        (struct report_listener){.address = *address, .port = port, .queue_limit = UINT32_MAX, .restart = RESTART_SAFE};
    return &netns->listeners[at];
}

static void note_restart(struct report_listener *listener, const struct holder *holder, struct owners *owners)
{
    struct holder learnt = *holder;
    if (owners != NULL)
        restart_learn(&learnt, owners);
    listener->restart = holder_worse_restart(listener->restart, learnt.restart);
}

static void add_listeners(struct report_netns *netns, const struct census_port *port, struct owners *owners,
                          const struct ownership *ownership)
{
    for (size_t i = 0; i < port->holders.count; i++) {
        const struct holder *holder = &port->holders.groups[i];
        if (holder->state != SOCK_LISTEN || holder->many_locals)
            continue;
        struct address address = address_unmapped(&holder->local);
        struct report_listener *listener = listener_place(netns, &address, port->port);
        if (is_fuller(holder, listener)) {
            listener->queue_length = holder->queue_length;
            listener->queue_limit = holder->queue_limit;
        }
        note_restart(listener, holder, owners);
        const struct owner *owner = listener->owner_known ? NULL : first_owner(owners, ownership, holder);
        if (owner != NULL) {
            listener->owner = *owner;
            listener->owner_known = true;
        }
    }
}

void round_report_settings(const struct kernel_settings *settings, struct report_settings *ret_settings)
{
    *ret_settings = (struct report_settings){
        .local_port_low = settings->local_port_low,
        .local_port_high = settings->local_port_high,
        .reserved_ports = kernel_reserved_count(settings),
        .unprivileged_port_start = settings->unprivileged_port_start,
        .max_tw_buckets = settings->max_tw_buckets,
        .tw_reuse = settings->tw_reuse,
        .fin_timeout_seconds = settings->fin_timeout_seconds,
        .somaxconn = settings->somaxconn,
    };
}

static void copy_totals(struct report_netns *netns, const struct census *census)
{
    for (enum protocol protocol = PROTOCOL_TCP; protocol <= PROTOCOL_UDP; protocol++) {
        for (enum family family = FAMILY_IPV4; family <= FAMILY_IPV6; family++)
            for (enum sock_state state = SOCK_ESTABLISHED; state <= SOCK_BOUND_INACTIVE; state++)
                netns->totals[protocol][family][state] = census_total(census, protocol, family, state);
        netns->ephemeral_used[protocol] = census_ephemeral_used(census, protocol);
    }
}

int round_report_counts(struct report_netns *netns, const struct census *census, struct owners *owners,
                        const struct ownership *ownership)
{
    copy_totals(netns, census);
    size_t count = census_port_count(census);
    size_t listeners = 0;
    for (size_t i = 0; i < count; i++)
        listeners += census_port_at(census, i)->holders.count;
    netns->counts = calloc(count + PROTOCOL_COUNT * 2, sizeof(*netns->counts));
    netns->listeners = calloc(listeners + 1, sizeof(*netns->listeners));
    if (netns->counts == NULL || netns->listeners == NULL)
        return -ENOMEM;
    size_t i = 0;
    for (enum protocol protocol = PROTOCOL_TCP; protocol <= PROTOCOL_UDP; protocol++) {
        for (; i < count && census_port_at(census, i)->protocol == protocol; i++) {
            add_count(netns, census_port_at(census, i), NULL);
            add_listeners(netns, census_port_at(census, i), owners, ownership);
        }
        add_count(netns, census_ephemeral(census, protocol), "ephemeral");
        add_count(netns, census_other(census, protocol), "other");
    }
    return 0;
}

static bool is_listed(const struct holder *holder, const struct owner *owner)
{
    for (size_t i = 0; i < holder->owner_count; i++)
        if (holder->owners[i].pid == owner->pid)
            return true;
    return false;
}

static int attach(struct holder *holder, const struct owner *owner)
{
    if (holder->owner_count == HOLDER_OWNERS_MAX || is_listed(holder, owner))
        return 0;
    struct owner *longer = reallocarray(holder->owners, holder->owner_count + 1, sizeof(*longer));
    if (longer == NULL)
        return -ENOMEM;
    holder->owners = longer;
    longer[holder->owner_count++] = *owner;
    return 0;
}

/* Of the sockets that a process has open. */
static int attach_owners(struct holder *holder, const struct owners *owners)
{
    int r = 0;
    for (size_t i = 0; i < holder->inode_count; i++) {
        size_t count = 0;
        const struct owner *found = owners_find(owners, holder->inodes[i], &count);
        for (size_t n = 0; r == 0 && found != NULL && n < count; n++)
            r = attach(holder, &found[n]);
    }
    return r;
}

/* Of those that none has any more. A listener that somebody has is not claimed by who had it before. */
static int attach_claim(struct holder *holder, const struct ownership *ownership)
{
    int r = 0;
    if (holder->state == SOCK_LISTEN && holder->owner_count > 0)
        return 0;
    for (size_t i = 0; r == 0 && i < holder->claim.count; i++) {
        struct owner owner = *ownership_process(ownership, holder->claim.processes[i]);
        owner.inferred = holder->claim.inferred;
        r = attach(holder, &owner);
    }
    return r;
}

int round_report_finish(struct verdict *verdict, struct owners *owners, const struct ownership *ownership,
                        const struct kernel_settings *settings, const char *place)
{
    int r = 0;
    for (size_t i = 0; r == 0 && owners != NULL && i < verdict->holder_count; i++) {
        struct holder *holder = &verdict->holders[i];
        r = attach_owners(holder, owners);
        if (r == 0 && ownership != NULL)
            r = attach_claim(holder, ownership);
        if (holder->state == SOCK_LISTEN)
            restart_learn(holder, owners);
    }
    if (r == 0)
        r = explain(verdict);
    return r < 0 ? r : remedies_suggest(verdict, settings, place);
}
