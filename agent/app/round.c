#include "round.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "collect/kernel.h"
#include "collect/netns.h"
#include "collect/owner.h"
#include "collect/sockets.h"
#include "round_report.h"
#include "round_traffic.h"
#include "verdicts.h"

/* A dump that was disturbed is taken again at once; what disturbs it thrice is no accident. */
#define ATTEMPTS 3
#define NS_PER_S 1e9

struct round {
    struct round_options options;
    struct sockets *sockets; /* NULL until it could be opened */
    struct census *census;
    struct verdicts *verdicts;
    struct owners *owners; /* NULL: not asked for */
    struct kernel_settings settings;
    struct kernel_counters before; /* the walk of this round */
    struct round_missed missed;
    struct report_agent agent; /* what is counted from round to round */
};

void round_free(struct round *round)
{
    if (round == NULL)
        return;
    sockets_close(round->sockets);
    census_free(round->census);
    verdicts_free(round->verdicts);
    owners_free(round->owners);
    free(round);
}

int round_new(const struct round_options *options, struct round **ret_round)
{
    cleanup(round_freep) struct round *round = calloc(1, sizeof(*round));
    if (round == NULL)
        return -ENOMEM;
    round->options = *options;
    struct verdicts_options verdicts = {.probe = options->probe, .probe_interval_ns = options->probe_interval_ns};
    int r = census_new(&options->limits, &round->census);
    if (r == 0)
        r = verdicts_new(&verdicts, &round->verdicts);
    if (r == 0 && options->owners)
        r = owners_new(&round->owners);
    for (size_t i = 0; r == 0 && i < options->watch_count; i++)
        r = census_watch(round->census, options->watches[i].endpoint.protocol, options->watches[i].endpoint.port);
    if (r < 0)
        return r;
    *ret_round = steal_ptr(&round);
    return 0;
}

static int add_to_census(void *context, const struct sock *sock)
{
    return census_add(context, sock);
}

/* Every socket, folded into the census; *ret_stage tells where it failed. */
static int take_census(struct round *round, int64_t now_ns, enum round_stage *ret_stage, struct error *error)
{
    struct sockets_query tcp = {.protocol = PROTOCOL_TCP, .directions = round->options.directions};
    struct sockets_query udp = {.protocol = PROTOCOL_UDP};
    int r = -EIO;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        census_begin(round->census, now_ns, &round->settings);
        *ret_stage = STAGE_TCP;
        r = sockets_walk(round->sockets, &tcp, add_to_census, round->census, error);
        if (r == 0) {
            *ret_stage = STAGE_UDP;
            r = sockets_walk(round->sockets, &udp, add_to_census, round->census, error);
        }
        if (r == 0) {
            census_end(round->census);
            return 0;
        }
    }
    return r;
}

static int collect(struct round *round, int64_t now_ns, enum round_stage *ret_stage, struct error *error)
{
    *ret_stage = STAGE_OPEN;
    int r = round->sockets != NULL ? 0 : sockets_open(&round->sockets, error);
    if (r < 0)
        return r;
    *ret_stage = STAGE_KERNEL;
    r = kernel_read_settings(&round->settings, error);
    if (r < 0)
        return r;
    kernel_read_counters(&round->before);
    r = take_census(round, now_ns, ret_stage, error);
    if (r < 0 || !round->options.limits.track_traffic)
        return r;
    *ret_stage = STAGE_TCP;
    return round_traffic_learn_binds(round->sockets, &round->settings, round->census, error);
}

/* Inodes of all holders of tracked ports, so that /proc is walked once for them all. A failure names nobody. */
static int look_up_owners(struct round *round, int64_t realtime_ns)
{
    size_t most = 0;
    for (size_t i = 0; i < census_port_count(round->census); i++)
        most += census_port_at(round->census, i)->holders.count * HOLDER_INODES_MAX;
    cleanup(cleanup_free) uint32_t *inodes = calloc(most + 1, sizeof(*inodes));
    if (inodes == NULL)
        return -ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < census_port_count(round->census); i++) {
        const struct holders *holders = &census_port_at(round->census, i)->holders;
        for (size_t g = 0; g < holders->count; g++)
            for (size_t n = 0; n < holders->groups[g].inode_count; n++)
                inodes[count++] = holders->groups[g].inodes[n];
    }
    int r = owners_update(round->owners, inodes, count, realtime_ns, NULL);
    return r == -ENOMEM ? r : 0;
}

static int add_row(struct round *round, const struct verdicts_round *now, struct report_netns *netns,
                   const struct census_port *port, const struct endpoint *endpoint, enum expected expected)
{
    struct report_port *row = &netns->ports[netns->port_count];
    int r = verdicts_ask(round->verdicts, now, endpoint, &port->holders, &row->verdict);
    if (r < 0)
        return r;
    netns->port_count++;
    row->expected = expected;
    row->in_ephemeral_range = kernel_port_is_ephemeral(&round->settings, port->port);
    memcpy(row->states, port->states, sizeof(row->states));
    row->longest_time_wait_ms = port->longest_time_wait_ms;
    return round_report_finish(&row->verdict, round->owners, &round->settings);
}

/* "*" for each tracked port, and after it the addresses that are watched on it. */
static int judge_ports(struct round *round, int64_t now_ns, struct report_netns *netns)
{
    const struct round_options *options = &round->options;
    size_t port_count = census_port_count(round->census);
    netns->ports = calloc(port_count + options->watch_count + 1, sizeof(*netns->ports));
    if (netns->ports == NULL)
        return -ENOMEM;
    struct verdicts_round now = {.sockets = round->sockets, .settings = &round->settings, .now_ns = now_ns};
    verdicts_begin(round->verdicts);
    size_t w = 0;
    int r = 0;
    for (size_t i = 0; r == 0 && i < port_count; i++) {
        const struct census_port *port = census_port_at(round->census, i);
        struct endpoint any = {.protocol = port->protocol, .any_address = true, .port = port->port};
        while (w < options->watch_count && options_endpoint_order(&options->watches[w].endpoint, &any) < 0)
            w++;
        bool watched = w < options->watch_count && endpoint_equal(&options->watches[w].endpoint, &any);
        r = add_row(round, &now, netns, port, &any, watched ? options->watches[w++].expected : EXPECTED_NOTHING);
        for (; r == 0 && w < options->watch_count && options->watches[w].endpoint.protocol == port->protocol &&
               options->watches[w].endpoint.port == port->port;
             w++)
            r = add_row(round, &now, netns, port, &options->watches[w].endpoint, options->watches[w].expected);
    }
    verdicts_end(round->verdicts);
    return r;
}

static int fill_netns(struct round *round, const struct moment *now, struct report_netns *netns)
{
    netns->settings = round->settings;
    kernel_read_counters(&netns->counters);
    netns->bound_inactive_known = sockets_shows_bound(round->sockets);
    int r = round->owners != NULL ? look_up_owners(round, now->realtime_ns) : 0;
    if (r == 0)
        r = round_report_counts(netns, round->census, round->owners);
    if (r == 0)
        r = judge_ports(round, now->monotonic_ns, netns);
    if (r < 0 || !round->options.limits.track_traffic)
        return r;
    return round_traffic_report(round->census, &round->settings, &round->before, &round->missed, netns);
}

static void note_duration(struct report_agent *agent, double seconds)
{
    size_t bucket = 0;
    while (bucket < REPORT_DURATION_BUCKETS && seconds > report_duration_bounds[bucket])
        bucket++;
    agent->duration_buckets[bucket]++;
    agent->duration_sum_seconds += seconds;
    agent->round_seconds = seconds;
}

/* Drops what a round that failed half way has gathered: no count at all rather than a wrong one. */
static struct report *failure_of(struct report *half, enum round_stage stage, const struct error *error)
{
    struct report *report = report_new();
    if (report != NULL) {
        report->failed = true;
        report->failed_stage = stage;
        (void)snprintf(report->failure, sizeof(report->failure), "%s", error->text);
    }
    report_unref(half);
    return report;
}

struct report *round_run(struct round *round)
{
    struct report *report = report_new();
    if (report == NULL)
        return NULL;
    struct moment now = clock_now();
    enum round_stage stage = STAGE_OPEN;
    struct error error = {.text = "out of memory"};
    round->agent.rounds++;
    int r = collect(round, now.monotonic_ns, &stage, &error);
    if (r == 0) {
        stage = STAGE_JUDGE;
        error = (struct error){.text = "out of memory"};
        r = fill_netns(round, &now, &report->netns);
    }
    note_duration(&round->agent, (double)(clock_monotonic_ns() - now.monotonic_ns) / NS_PER_S);
    if (r < 0) {
        round->agent.round_failures[stage]++;
        report = failure_of(report, stage, &error);
        if (report == NULL)
            return NULL;
    } else {
        round->agent.round_sockets = census_sockets(round->census);
        round->agent.last_success = clock_now();
    }
    round->agent.probes = verdicts_probes(round->verdicts);
    round->agent.probe_failures = verdicts_probe_failures(round->verdicts);
    report->taken_at = now;
    (void)gethostname(report->host, sizeof(report->host) - 1);
    (void)snprintf(report->netns.name, sizeof(report->netns.name), "self");
    (void)snprintf(report->netns.scope, sizeof(report->netns.scope), "%s", netns_scope());
    report->agent = round->agent;
    return report;
}

const struct census *round_census(const struct round *round)
{
    return round->census;
}
