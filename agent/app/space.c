#include "space.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "collect/netns.h"
#include "intake.h"
#include "round_report.h"
#include "round_traffic.h"
#include "verdicts.h"

struct space {
    struct round_options options;
    const char *scope;     /* netns_scope(); NULL until the first look */
    char id[NETNS_ID_MAX]; /* as that is found out */
    struct census *census;
    struct verdicts *verdicts;
    struct round_missed missed;
    uint64_t probes; /* counted already */
    uint64_t probe_failures;
    struct intake intake;
};

void space_free(struct space *space)
{
    if (space == NULL)
        return;
    intake_done(&space->intake);
    census_free(space->census);
    verdicts_free(space->verdicts);
    free(space);
}

static int configure_census(struct census *census, const struct round_options *options)
{
    cleanup(cleanup_free) struct census_watch *watches = calloc(options->watch_count + 1, sizeof(*watches));
    if (watches == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < options->watch_count; i++) {
        const struct endpoint *endpoint = &options->watches[i].endpoint;
        watches[i] = (struct census_watch){.protocol = endpoint->protocol, .port = endpoint->port};
    }
    return census_configure(census, &options->limits, watches, options->watch_count);
}

int space_new(const struct round_options *options, uint64_t turn, struct space **ret_space)
{
    cleanup(space_freep) struct space *space = calloc(1, sizeof(*space));
    if (space == NULL)
        return -ENOMEM;
    space->options = *options;
    space->intake.turn = turn;
    struct verdicts_options verdicts = {.probe = options->probe, .probe_interval_ns = options->probe_interval_ns};
    int r = census_new(&options->limits, &space->census);
    if (r == 0)
        r = configure_census(space->census, options);
    if (r == 0)
        r = verdicts_new(&verdicts, &space->verdicts);
    if (r < 0)
        return r;
    *ret_space = steal_ptr(&space);
    return 0;
}

int space_configure(struct space *space, const struct round_options *options)
{
    int r = configure_census(space->census, options);
    if (r < 0)
        return r;
    verdicts_configure(space->verdicts, &(struct verdicts_options){.probe = options->probe,
                                                                   .probe_interval_ns = options->probe_interval_ns});
    space->options = *options;
    return 0;
}

void space_limit(struct space *space, size_t max_ports)
{
    census_limit(space->census, max_ports);
}

int64_t space_silent_since(const struct space *space)
{
    return census_silent_since(space->census);
}

void space_drop_silent(struct space *space)
{
    census_drop_silent(space->census);
}

static int collect(struct space *space, int64_t now_ns, enum round_stage *ret_stage, struct error *error)
{
    struct intake *intake = &space->intake;
    int r = intake_take(intake, &space->options, space->census, now_ns, ret_stage, error);
    if (r < 0 || !space->options.limits.track_traffic)
        return r;
    *ret_stage = STAGE_TCP;
    return round_traffic_learn_binds(intake->sockets, &intake->settings, space->census, error);
}

static int add_row(struct space *space, const struct verdicts_round *now, struct report_netns *netns,
                   const struct census_port *port, const struct endpoint *endpoint, enum expected expected)
{
    struct report_port *row = &netns->ports[netns->port_count];
    int r = verdicts_ask(space->verdicts, now, endpoint, &port->holders, &row->verdict);
    if (r < 0)
        return r;
    netns->port_count++;
    row->expected = expected;
    row->in_ephemeral_range = kernel_port_is_ephemeral(&space->intake.settings, port->port);
    memcpy(row->states, port->states, sizeof(row->states));
    row->longest_time_wait_ms = port->longest_time_wait_ms;
    return 0;
}

/* "*" for each tracked port, and after it the addresses that are watched on it. */
static int judge_ports(struct space *space, int64_t now_ns, struct report_netns *netns)
{
    const struct round_options *options = &space->options;
    size_t port_count = census_port_count(space->census);
    netns->ports = calloc(port_count + options->watch_count + 1, sizeof(*netns->ports));
    if (netns->ports == NULL)
        return -ENOMEM;
    struct verdicts_round now = {
        .sockets = space->intake.sockets,
        .settings = &space->intake.settings,
        .ownership = census_ownership(space->census),
        .now_ns = now_ns,
    };
    verdicts_begin(space->verdicts);
    size_t w = 0;
    int r = 0;
    for (size_t i = 0; r == 0 && i < port_count; i++) {
        const struct census_port *port = census_port_at(space->census, i);
        struct endpoint any = {.protocol = port->protocol, .any_address = true, .port = port->port};
        while (w < options->watch_count && endpoint_order(&options->watches[w].endpoint, &any) < 0)
            w++;
        bool watched = w < options->watch_count && endpoint_equal(&options->watches[w].endpoint, &any);
        r = add_row(space, &now, netns, port, &any, watched ? options->watches[w++].expected : EXPECTED_NOTHING);
        for (; r == 0 && w < options->watch_count && options->watches[w].endpoint.protocol == port->protocol &&
               options->watches[w].endpoint.port == port->port;
             w++)
            r = add_row(space, &now, netns, port, &options->watches[w].endpoint, options->watches[w].expected);
    }
    verdicts_end(space->verdicts);
    return r;
}

int space_look(struct space *space, const struct moment *now, struct report_netns *netns, enum round_stage *ret_stage,
               struct error *error)
{
    if (space->scope == NULL) {
        space->scope = netns_scope();
        if (netns_id(space->id) < 0)
            space->id[0] = '\0';
    }
    (void)snprintf(netns->scope, sizeof(netns->scope), "%s", space->scope);
    (void)snprintf(netns->id, sizeof(netns->id), "%s", space->id);
    int r = collect(space, now->monotonic_ns, ret_stage, error);
    if (r < 0)
        return r;
    *ret_stage = STAGE_JUDGE;
    error_set(error, 0, "out of memory");
    const struct intake *intake = &space->intake;
    round_report_settings(&intake->settings, &netns->settings);
    netns->counters = intake->counters;
    netns->bound_inactive_known = sockets_shows_bound(intake->sockets);
    netns->source = sockets_source(intake->sockets);
    r = judge_ports(space, now->monotonic_ns, netns);
    if (r < 0 || !space->options.limits.track_traffic)
        return r;
    return round_traffic_report(space->census, &intake->settings, &intake->before, &space->missed, netns);
}

size_t space_inodes_max(const struct space *space)
{
    size_t most = 0;
    for (size_t i = 0; i < census_port_count(space->census); i++)
        most += census_port_at(space->census, i)->holders.count * HOLDER_INODES_MAX;
    return most + ownership_size(census_ownership(space->census));
}

size_t space_inodes(const struct space *space, uint32_t *ret_inodes)
{
    size_t count = 0;
    for (size_t i = 0; i < census_port_count(space->census); i++) {
        const struct holders *holders = &census_port_at(space->census, i)->holders;
        for (size_t g = 0; g < holders->count; g++)
            for (size_t n = 0; n < holders->groups[g].inode_count; n++)
                ret_inodes[count++] = holders->groups[g].inodes[n];
    }
    return count + ownership_unnamed(census_ownership(space->census), ret_inodes + count);
}

static const struct owner *find_owners(const void *owners, uint32_t inode, size_t *ret_count)
{
    return owners_find(owners, inode, ret_count);
}

int space_name_owners(struct space *space, struct owners *owners, struct report_netns *netns)
{
    struct ownership *ownership = census_ownership(space->census);
    if (owners != NULL) {
        ownership_name(ownership, find_owners, owners);
        ownership_check(ownership, clock_now().realtime_ns, owners_alive);
    }
    int r = round_report_counts(netns, space->census, owners, ownership);
    for (size_t i = 0; r == 0 && i < netns->port_count; i++)
        r = round_report_finish(&netns->ports[i].verdict, owners, ownership, &space->intake.settings, netns->place);
    return r;
}

const struct census *space_census(const struct space *space)
{
    return space->census;
}

void space_count_probes(struct space *space, struct report_agent *agent)
{
    agent->probes += verdicts_probes(space->verdicts) - space->probes;
    agent->probe_failures += verdicts_probe_failures(space->verdicts) - space->probe_failures;
    space->probes = verdicts_probes(space->verdicts);
    space->probe_failures = verdicts_probe_failures(space->verdicts);
}

const struct kernel_settings *space_settings(const struct space *space)
{
    return &space->intake.settings;
}
