#include "space.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "collect/kernel.h"
#include "collect/netns.h"
#include "collect/sockets.h"
#include "collect/sockstat.h"
#include "round_report.h"
#include "round_traffic.h"
#include "verdicts.h"

/* A dump that was disturbed is taken again at once; what disturbs it thrice is no accident. */
#define ATTEMPTS 3
/* A thrifty look: the table of all connections of the machine is walked for each namespace, even for one without any.
 */
#define WHOLE_EVERY_NS (50 * CLOCK_NS_PER_S)
#define SETTINGS_EVERY_NS (50 * CLOCK_NS_PER_S)

struct space {
    struct round_options options;
    const char *scope;       /* netns_scope(); NULL until the first look */
    char id[NETNS_ID_MAX];   /* as that is found out */
    struct sockets *sockets; /* NULL until it could be opened */
    struct census *census;
    struct verdicts *verdicts;
    struct kernel_settings settings;
    struct kernel_counters before; /* the walk of this round */
    struct round_missed missed;
    struct sockstat sockstat; /* before the last walk of all TCP sockets, if it is known */
    bool only_listeners;      /* it is, and that walk met nothing else */
    int64_t whole_ns;         /* CLOCK_MONOTONIC of that walk */
    int64_t settings_ns;      /* likewise of reading the settings; 0: not yet */
    uint64_t probes;          /* counted already */
    uint64_t probe_failures;
};

void space_free(struct space *space)
{
    if (space == NULL)
        return;
    sockets_close(space->sockets);
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

int space_new(const struct round_options *options, struct space **ret_space)
{
    cleanup(space_freep) struct space *space = calloc(1, sizeof(*space));
    if (space == NULL)
        return -ENOMEM;
    space->options = *options;
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

static int add_to_census(void *context, const struct sock *sock)
{
    return census_add(context, sock);
}

/* The listeners alone, when they are all the TCP sockets that there are. Returns 1, 0: there are others, or an error.
 */
static int take_listeners(struct space *space, int64_t now_ns, struct error *error)
{
    struct sockstat sockstat;
    if (!space->options.thrifty || now_ns - space->whole_ns >= WHOLE_EVERY_NS || sockstat_read(&sockstat) < 0)
        return 0;
    bool alike = sockstat.used == space->sockstat.used && sockstat.tcp == space->sockstat.tcp;
    if (!alike || !space->only_listeners || sockstat.tcp_time_wait > 0)
        return 0;
    struct sockets_query query = {.protocol = PROTOCOL_TCP, .listeners = true};
    census_begin(space->census, now_ns, &space->settings);
    int r = sockets_walk(space->sockets, &query, add_to_census, space->census, error);
    return r < 0 ? r : census_sockets(space->census) == sockstat.tcp;
}

static uint64_t count_listeners(const struct census *census)
{
    return census_total(census, PROTOCOL_TCP, FAMILY_IPV4, SOCK_LISTEN) +
           census_total(census, PROTOCOL_TCP, FAMILY_IPV6, SOCK_LISTEN);
}

static int take_whole(struct space *space, int64_t now_ns, struct error *error)
{
    struct sockets_query query = {.protocol = PROTOCOL_TCP, .directions = space->options.directions};
    struct sockstat before = {0};
    bool known = space->options.thrifty && sockstat_read(&before) == 0;
    census_begin(space->census, now_ns, &space->settings);
    int r = sockets_walk(space->sockets, &query, add_to_census, space->census, error);
    if (r < 0)
        return r;
    uint64_t listeners = count_listeners(space->census);
    space->only_listeners = known && listeners == before.tcp && listeners == census_sockets(space->census);
    space->sockstat = before;
    space->whole_ns = now_ns;
    return 0;
}

/* Every socket, folded into the census; *ret_stage tells where it failed. */
static int take_census(struct space *space, int64_t now_ns, enum round_stage *ret_stage, struct error *error)
{
    struct sockets_query udp = {.protocol = PROTOCOL_UDP};
    int r = -EIO;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        *ret_stage = STAGE_TCP;
        r = take_listeners(space, now_ns, error);
        if (r == 0)
            r = take_whole(space, now_ns, error);
        if (r >= 0) {
            *ret_stage = STAGE_UDP;
            r = sockets_walk(space->sockets, &udp, add_to_census, space->census, error);
        }
        if (r == 0) {
            census_end(space->census);
            return 0;
        }
    }
    return r;
}

static int read_settings(struct space *space, int64_t now_ns, struct error *error)
{
    if (space->options.thrifty && space->settings_ns != 0 && now_ns - space->settings_ns < SETTINGS_EVERY_NS)
        return 0;
    struct kernel_settings settings;
    int r = kernel_read_settings(&settings, error);
    if (r < 0)
        return r;
    kernel_settings_copy(&space->settings, &settings);
    space->settings_ns = now_ns;
    return 0;
}

static int collect(struct space *space, int64_t now_ns, enum round_stage *ret_stage, struct error *error)
{
    *ret_stage = STAGE_OPEN;
    int r = 0;
    if (space->sockets == NULL)
        r = sockets_open(&space->sockets, error);
    else
        sockets_renew(space->sockets, now_ns);
    if (r < 0)
        return r;
    *ret_stage = STAGE_KERNEL;
    r = read_settings(space, now_ns, error);
    if (r < 0)
        return r;
    kernel_read_counters(&space->before);
    r = take_census(space, now_ns, ret_stage, error);
    if (r < 0 || !space->options.limits.track_traffic)
        return r;
    *ret_stage = STAGE_TCP;
    return round_traffic_learn_binds(space->sockets, &space->settings, space->census, error);
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
    row->in_ephemeral_range = kernel_port_is_ephemeral(&space->settings, port->port);
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
        .sockets = space->sockets,
        .settings = &space->settings,
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
    kernel_settings_copy(&netns->settings, &space->settings);
    netns->counters = space->before;
    if (space->whole_ns == now->monotonic_ns)
        kernel_read_counters(&netns->counters);
    netns->bound_inactive_known = sockets_shows_bound(space->sockets);
    netns->source = sockets_source(space->sockets);
    r = judge_ports(space, now->monotonic_ns, netns);
    if (r < 0 || !space->options.limits.track_traffic)
        return r;
    return round_traffic_report(space->census, &space->settings, &space->before, &space->missed, netns);
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
    int r = round_report_counts(netns, space->census, owners);
    for (size_t i = 0; r == 0 && i < netns->port_count; i++)
        r = round_report_finish(&netns->ports[i].verdict, owners, ownership, &space->settings);
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
