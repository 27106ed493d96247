#include "round_traffic.h"

#include <errno.h>

#include "judge/ephemeral.h"

/* Destinations are shown, and looked at more closely, from this share of the usable range on. */
#define SHOWN_SHARE 0.05

static int add_chosen(void *context, const struct sock *sock)
{
    census_add_chosen(context, sock);
    return 0;
}

int round_traffic_learn_binds(struct sockets *sockets, const struct kernel_settings *settings, struct census *census,
                              struct error *error)
{
    const struct destination anywhere = {.protocol = PROTOCOL_TCP};
    struct ephemeral_range range;
    if (sockets_source(sockets).kind == SOURCE_PROCFS || census_ephemeral_used(census, PROTOCOL_TCP) == 0)
        return 0;
    ephemeral_range_of(settings, census_bound_ports(census), census_used_ports(census, PROTOCOL_UDP), &range);
    if (census_ephemeral_used(census, PROTOCOL_TCP) <= SHOWN_SHARE * ephemeral_usable(&range, &anywhere))
        return 0;
    struct sockets_query query = {
        .protocol = PROTOCOL_TCP,
        .port = (uint16_t)settings->local_port_low,
        .last_port = (uint16_t)settings->local_port_high,
        .explicit_binds = true,
    };
    return sockets_walk(sockets, &query, add_chosen, census, error);
}

static int by_label(const void *left, const void *right)
{
    const struct report_entered *l = left;
    const struct report_entered *r = right;
    if ((l->label == NULL) != (r->label == NULL))
        return l->label == NULL ? -1 : 1;
    if (l->label != NULL)
        return strcmp(l->label, r->label);
    return (l->port > r->port) - (l->port < r->port);
}

static int report_entered(const struct entered *entered, struct report_netns *netns)
{
    struct report_traffic *traffic = &netns->traffic;
    traffic->entered = calloc(entered_count(entered), sizeof(*traffic->entered));
    if (traffic->entered == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < entered_count(entered); i++) {
        const struct entered_counter *counter = entered_at(entered, i);
        struct report_entered *row = &traffic->entered[traffic->entered_count++];
        row->total = counter->total;
        if (counter->label == ENTERED_EPHEMERAL)
            row->label = "ephemeral";
        else if (counter->label == ENTERED_OTHER)
            row->label = "other";
        else
            row->port = (uint16_t)counter->label;
    }
    qsort(traffic->entered, traffic->entered_count, sizeof(*traffic->entered), by_label);
    for (size_t i = 0; i < netns->port_count; i++) {
        const struct endpoint *endpoint = &netns->ports[i].verdict.endpoint;
        const struct entered_counter *counter =
            endpoint->protocol == PROTOCOL_TCP ? entered_of(entered, endpoint->port) : NULL;
        netns->ports[i].entered_known = counter != NULL;
        netns->ports[i].time_wait_entered_total = counter != NULL ? counter->total : 0;
    }
    return 0;
}

/* Keeps the fullest, in order. */
static int insert(struct report_traffic *traffic, const struct report_destination *row, double ratio)
{
    if (traffic->destinations == NULL)
        traffic->destinations = calloc(REPORT_DESTINATIONS_MAX, sizeof(*traffic->destinations));
    if (traffic->destinations == NULL)
        return -ENOMEM;
    size_t at = traffic->destination_count;
    while (at > 0) {
        const struct report_destination *before = &traffic->destinations[at - 1];
        if ((double)ephemeral_taken(&before->counts) / before->usable >= ratio)
            break;
        at--;
    }
    if (at == REPORT_DESTINATIONS_MAX)
        return 0;
    size_t last = traffic->destination_count < REPORT_DESTINATIONS_MAX ? traffic->destination_count++
                                                                       : REPORT_DESTINATIONS_MAX - 1;
    memmove(&traffic->destinations[at + 1], &traffic->destinations[at], (last - at) * sizeof(*row));
    traffic->destinations[at] = *row;
    return 0;
}

/* UDP ports are taken in the same way, whoever chose them. */
static bool tells_binds(const struct source *source, enum protocol protocol)
{
    return protocol == PROTOCOL_UDP || source->kind == SOURCE_NETLINK;
}

static int report_destinations(const struct census *census, const struct kernel_settings *settings,
                               const struct source *source, struct report_traffic *traffic)
{
    const struct destinations *destinations = census_destinations(census);
    struct ephemeral_range range;
    ephemeral_range_of(settings, census_bound_ports(census), census_used_ports(census, PROTOCOL_UDP), &range);
    for (enum protocol protocol = PROTOCOL_TCP; protocol < PROTOCOL_COUNT; protocol++) {
        const struct destination anywhere = {.protocol = protocol};
        bool known = range.size > 0 && tells_binds(source, protocol);
        traffic->used_max_ratio[protocol] = known ? ephemeral_ratio(&range, &anywhere) : -1;
    }
    for (size_t i = 0; i < destinations_count(destinations); i++) {
        struct report_destination row = {.counts = *destinations_at(destinations, i)};
        if (ephemeral_taken(&row.counts) == 0)
            continue;
        row.usable = ephemeral_usable(&range, &row.counts);
        row.exhausted_in_seconds = ephemeral_seconds_left(row.usable, &row.counts);
        row.at_most = !tells_binds(source, row.counts.protocol);
        double ratio = ephemeral_ratio(&range, &row.counts);
        if (!row.at_most && ratio > traffic->used_max_ratio[row.counts.protocol])
            traffic->used_max_ratio[row.counts.protocol] = ratio;
        int r = ratio > SHOWN_SHARE ? insert(traffic, &row, ratio) : 0;
        if (r < 0)
            return r;
    }
    traffic->uncounted = destinations_uncounted(destinations);
    return 0;
}

/*
 * The kernel's count was read before the walk, so every minisocket that it had counted by then was either seen, in this
 * walk or a former one, or is missed. One that this walk has passed over will be seen by the next: only what two rounds
 * in a row lack is missed, so that the estimate is never too large.
 */
static int64_t estimate_missed(const struct ledger *ledger, const struct kernel_counters *before,
                               const struct kernel_counters *after, struct round_missed *missed)
{
    if (before->time_wait == KERNEL_UNKNOWN || before->time_wait_killed == KERNEL_UNKNOWN)
        return KERNEL_UNKNOWN;
    if (!missed->known) {
        *missed = (struct round_missed){.known = true, .base_created = after->time_wait + after->time_wait_killed};
        return 0;
    }
    int64_t created = before->time_wait + before->time_wait_killed - missed->base_created;
    int64_t unseen = created - (int64_t)ledger_minisockets(ledger);
    int64_t lasting = unseen < missed->unseen ? unseen : missed->unseen;
    if (lasting > missed->missed)
        missed->missed = lasting;
    missed->unseen = unseen;
    return missed->missed;
}

int round_traffic_report(const struct census *census, const struct kernel_settings *settings,
                         const struct kernel_counters *before, struct round_missed *missed, struct report_netns *netns)
{
    struct report_traffic *traffic = &netns->traffic;
    traffic->known = true;
    traffic->exact = ledger_is_exact(census_ledger(census));
    traffic->missed_total = estimate_missed(census_ledger(census), before, &netns->counters, missed);
    int r = report_destinations(census, settings, &netns->source, traffic);
    return r < 0 ? r : report_entered(census_entered(census), netns);
}
