#include "round.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "collect/owner.h"
#include "container_names.h"
#include "spaces.h"

#define NS_PER_S 1e9
/* Of max_ports, kept for new listeners in other namespaces. */
#define SPARE_PART 8

struct round {
    struct round_options options;
    struct space *own;
    struct spaces others;
    struct container_names *container_names;
    struct owners *owners;     /* NULL: not asked for */
    struct report_agent agent; /* what is counted from round to round */
};

void round_free(struct round *round)
{
    if (round == NULL)
        return;
    space_free(round->own);
    spaces_done(&round->others);
    owners_free(round->owners);
    container_names_free(round->container_names);
    free(round);
}

static int new_owners(struct container_names *names, struct owners **ret_owners)
{
    int r = owners_new(ret_owners);
    if (r == 0)
        owners_name_containers(*ret_owners, container_names_find, names);
    return r;
}

int round_new(const struct round_options *options, struct round **ret_round)
{
    cleanup(round_freep) struct round *round = calloc(1, sizeof(*round));
    if (round == NULL)
        return -ENOMEM;
    round->options = *options;
    round->others = SPACES_NONE;
    int r = space_new(options, 0, &round->own);
    if (r == 0)
        r = container_names_new("", &round->container_names);
    if (r == 0 && options->owners)
        r = new_owners(round->container_names, &round->owners);
    if (r < 0)
        return r;
    *ret_round = steal_ptr(&round);
    return 0;
}

void round_limit_namespaces(struct round *round, size_t max)
{
    round->others.max = max;
}

/* What is watched is watched in the own namespace. */
static struct round_options options_of_others(const struct round_options *options)
{
    struct round_options others = *options;
    others.watches = NULL;
    others.watch_count = 0;
    others.thrifty = true;
    return others;
}

int round_reconfigure(struct round *round, const struct round_options *options)
{
    struct owners *owners = options->owners ? round->owners : NULL;
    int r = options->owners && owners == NULL ? new_owners(round->container_names, &owners) : 0;
    if (r == 0)
        r = space_configure(round->own, options);
    if (r < 0) {
        if (owners != round->owners)
            owners_free(owners);
        return r;
    }
    if (owners != round->owners)
        owners_free(round->owners);
    round->owners = owners;
    round->options = *options;
    struct round_options others = options_of_others(options);
    spaces_configure(&round->others, &others);
    return 0;
}

/* The space behind report_netns_at(); NULL: it could not be entered. */
static struct space *space_at(const struct round *round, size_t index)
{
    return index == 0 ? round->own : round->others.members[index - 1].space;
}

static struct report_netns *netns_at(struct report *report, size_t index)
{
    return index == 0 ? &report->netns : &report->others[index - 1];
}

/* Inodes of all holders of tracked ports, so that /proc is walked once for them all. A failure names nobody. */
static int look_up_owners(struct round *round, const struct report *report)
{
    size_t most = 0;
    for (size_t i = 0; i <= report->other_count; i++)
        most += space_at(round, i) != NULL ? space_inodes_max(space_at(round, i)) : 0;
    cleanup(cleanup_free) uint32_t *inodes = calloc(most + 1, sizeof(*inodes));
    if (inodes == NULL)
        return -ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i <= report->other_count; i++)
        if (space_at(round, i) != NULL)
            count += space_inodes(space_at(round, i), inodes + count);
    owners_limit(round->owners, round->options.cpu_budget);
    int r = owners_update(round->owners, inodes, count, report->taken_at.realtime_ns, NULL);
    return r == -ENOMEM ? r : 0;
}

static int name_owners(struct round *round, struct report *report)
{
    int r = round->owners != NULL ? look_up_owners(round, report) : 0;
    for (size_t i = 0; r == 0 && i <= report->other_count; i++)
        if (netns_at(report, i)->failure[0] == '\0')
            r = space_name_owners(space_at(round, i), round->owners, netns_at(report, i));
    return r;
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

static size_t ports_of(const struct space *space)
{
    return space != NULL ? census_port_count(space_census(space)) : 0;
}

static size_t count_ports(const struct round *round)
{
    size_t count = ports_of(round->own);
    for (size_t i = 0; i < round->others.count; i++)
        count += ports_of(round->others.members[i].space);
    return count;
}

/* The one with the longest silent port of all; NULL: no port is silent. */
static struct space *longest_silent(const struct round *round)
{
    struct space *found = space_silent_since(round->own) < INT64_MAX ? round->own : NULL;
    for (size_t i = 0; i < round->others.count; i++) {
        struct space *space = round->others.members[i].space;
        int64_t least = found != NULL ? space_silent_since(found) : INT64_MAX;
        if (space != NULL && space_silent_since(space) < least)
            found = space;
    }
    return found;
}

/* Each namespace makes room among its own ports; for a listener that comes in another one some is kept. */
static void make_room(struct round *round)
{
    size_t spare = round->options.limits.max_ports / SPARE_PART;
    for (size_t count = count_ports(round); count + spare > round->options.limits.max_ports; count--) {
        struct space *space = longest_silent(round);
        if (space == NULL)
            return;
        space_drop_silent(space);
    }
}

/* No namespace loses a port that has sockets to another: what is left is there for whoever comes first. */
static size_t room_for(const struct round *round, const struct space *space, size_t ports_in_all)
{
    size_t max = round->options.limits.max_ports;
    size_t elsewhere = ports_in_all - ports_of(space);
    return elsewhere < max ? max - elsewhere : 0;
}

/* Returns 0 or -ENOMEM. */
static int set_place(struct report_netns *netns, const char *place)
{
    netns->place = place != NULL ? strdup(place) : NULL;
    return place != NULL && netns->place == NULL ? -ENOMEM : 0;
}

static int look_at_own(struct round *round, struct report *report, enum round_stage *ret_stage, struct error *error)
{
    space_limit(round->own, room_for(round, round->own, count_ports(round)));
    int r = space_look(round->own, &report->taken_at, &report->netns, ret_stage, error);
    space_count_probes(round->own, &round->agent);
    if (r < 0)
        return r;
    round->agent.netns_watched++;
    round->agent.round_sockets = census_sockets(space_census(round->own));
    error_set(error, 0, "out of memory");
    return set_place(&report->netns, round->options.place);
}

static void look_at_member(struct round *round, struct spaces_member *member, size_t ports_in_all,
                           const struct moment *now, struct report_netns *netns)
{
    struct round_options options = options_of_others(&round->options);
    enum round_stage stage;
    options.limits.max_ports = room_for(round, member->space, ports_in_all);
    (void)snprintf(netns->name, sizeof(netns->name), "%s", member->name);
    int r = spaces_look(&round->others, member, &options, now, netns, &stage);
    if (member->space != NULL)
        space_count_probes(member->space, &round->agent);
    if (r == 0) {
        round->agent.netns_watched++;
        round->agent.round_sockets += census_sockets(space_census(member->space));
        return;
    }
    round->agent.netns_unreachable++;
    round->agent.round_failures[stage]++;
    report_netns_fail(netns, member->failure.text);
}

/* What cannot be looked at is told in its place. Returns 0 or -ENOMEM. */
static int look_at_others(struct round *round, struct report *report)
{
    struct spaces *others = &round->others;
    if (spaces_rescan(others, &round->options, report->taken_at.monotonic_ns) < 0)
        round->agent.round_failures[STAGE_OPEN]++;
    if (others->count == 0)
        return 0;
    report->others = calloc(others->count, sizeof(*report->others));
    if (report->others == NULL)
        return -ENOMEM;
    report->other_count = others->count;
    size_t ports_in_all = count_ports(round);
    for (size_t i = 0; i < others->count; i++) {
        struct spaces_member *member = &others->members[i];
        size_t elsewhere = ports_in_all - ports_of(member->space);
        if (set_place(&report->others[i], member->place) < 0)
            return -ENOMEM;
        look_at_member(round, member, ports_in_all, &report->taken_at, &report->others[i]);
        ports_in_all = elsewhere + ports_of(member->space);
    }
    return 0;
}

/* Why not all that was asked for is seen; one reason stands for all of its kind. */
static void tell_missing(struct round *round, const struct report *report)
{
    const char *reason = round->others.failure.text;
    for (size_t i = 0; i < report->other_count && reason[0] == '\0'; i++)
        reason = report->others[i].failure;
    if (reason[0] == '\0' && round->others.hidden > 0)
        reason = "the namespaces of some processes may not be read: that needs CAP_SYS_PTRACE";
    round->agent.netns_hidden = round->others.hidden;
    (void)snprintf(round->agent.netns_reason, sizeof(round->agent.netns_reason), "%s", reason);
}

/* All of it but the numbers of the agent; *ret_stage tells where it failed. */
static int look(struct round *round, struct report *report, enum round_stage *ret_stage, struct error *error)
{
    round->agent.netns_watched = 0;
    round->agent.netns_unreachable = 0;
    if (round->others.count > 0)
        make_room(round);
    int r = look_at_own(round, report, ret_stage, error);
    if (r < 0)
        return r;
    *ret_stage = STAGE_JUDGE;
    error_set(error, 0, "out of memory");
    r = look_at_others(round, report);
    if (r == 0)
        r = name_owners(round, report);
    if (r == 0)
        tell_missing(round, report);
    return r;
}

/* Drops what a round that failed half way has gathered: no count at all rather than a wrong one. */
static struct report *failure_of(struct report *half, enum round_stage stage, const struct error *error)
{
    struct report *report = report_new();
    if (report != NULL) {
        report->failed = true;
        report->failed_stage = stage;
        report->taken_at = half->taken_at;
        memcpy(report->netns.scope, half->netns.scope, sizeof(report->netns.scope));
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
    report->taken_at = clock_now();
    enum round_stage stage = STAGE_OPEN;
    struct error error = {.text = "out of memory"};
    round->agent.rounds++;
    int r = look(round, report, &stage, &error);
    note_duration(&round->agent, (double)(clock_monotonic_ns() - report->taken_at.monotonic_ns) / NS_PER_S);
    if (r < 0) {
        round->agent.round_failures[stage]++;
        report = failure_of(report, stage, &error);
        if (report == NULL)
            return NULL;
    } else {
        round->agent.last_success = clock_now();
    }
    (void)gethostname(report->host, sizeof(report->host) - 1);
    (void)snprintf(report->netns.name, sizeof(report->netns.name), "self");
    report->agent = round->agent;
    return report;
}

const struct census *round_census(const struct round *round)
{
    return space_census(round->own);
}

const struct kernel_settings *round_settings(const struct round *round)
{
    return space_settings(round->own);
}
