/*
 * Ports with random sockets on them. A world that fails is named by its seed:
 *   truth_random_worlds --seed N --worlds 1
 */
#include "trial.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/parse.h"
#include "dice.h"
#include "sandbox.h"

#define TENANTS_MAX 6
/* TIME_WAITs and orphans go with their namespace. */
#define WORLDS_PER_NAMESPACE 200
#define FIRST_PORT 10000
/* More worlds than these, in percent, must not come out differently from what was rolled. */
#define MUDDLED_MAX 2

struct request {
    uint64_t seed;
    uint64_t worlds;  /* at least so many */
    uint64_t seconds; /* and as many more as there is time for */
};

struct run {
    const struct request *request;
    struct ways ways;
    uint64_t seed; /* of the present world */
    struct world world;
    struct tenant tenants[TENANTS_MAX]; /* those who were let in */
    size_t tenant_count;
    bool muddled; /* one did not get where it was to go */
    uint64_t tenants_total;
    uint64_t muddled_total;
};

static void move_in(struct run *run, struct dice *dice)
{
    run->tenant_count = 0;
    run->muddled = false;
    size_t candidates = 1 + dice_roll(dice, TENANTS_MAX);
    for (size_t i = 0; i < candidates; i++) {
        struct tenant tenant = dice_tenant(dice);
        int r = world_add(&run->world, &tenant);
        if (r == 0 || r == -ETIME)
            run->tenants[run->tenant_count++] = tenant;
        run->muddled = run->muddled || r == -ETIME;
    }
    run->tenants_total += run->tenant_count;
    run->muddled_total += run->muddled;
}

/* What is the matter with this world, for whoever reads it. */
static void fail_world(const struct run *run, const char *reason)
{
    print_error("seed %" PRIu64 "%s: %s\n", run->seed, run->muddled ? " (muddled)" : "", reason);
    for (size_t i = 0; i < run->tenant_count; i++) {
        char text[TENANT_TEXT_MAX];
        tenant_format(&run->tenants[i], text);
        print_error("  %s\n", text);
    }
    fail_msg("replay: truth_random_worlds --seed %" PRIu64 " --worlds 1", run->seed);
}

/* What the tenant alone would be the cause of, as far as the kernel shows it. */
static enum cause cause_of(const struct run *run, const struct tenant *tenant)
{
    enum cause bound = sockets_shows_bound(run->world.table) ? CAUSE_BOUND : CAUSE_UNSEEN;
    if (tenant->protocol == PROTOCOL_UDP)
        return CAUSE_BOUND;
    if (tenant->listener_stays)
        return CAUSE_LISTENER;
    switch (tenant->state) {
    case SOCK_LISTEN:
        return CAUSE_LISTENER;
    case SOCK_CLOSE:
    case SOCK_BOUND_INACTIVE:
        return bound;
    case SOCK_SYN_SENT:
        return CAUSE_OUTGOING;
    case SOCK_SYN_RECV:
        /* Without its listener, a request that nobody will answer: it is in nobody's way. */
        return CAUSE_NONE;
    case SOCK_ESTABLISHED:
    case SOCK_CLOSE_WAIT:
        return ways_cause_shown(&run->ways, tenant->role == ROLE_SERVER ? CAUSE_CONNECTED : CAUSE_OUTGOING,
                                tenant->state);
    case SOCK_FIN_WAIT1:
    case SOCK_FIN_WAIT2:
    case SOCK_CLOSING:
    case SOCK_LAST_ACK:
        return CAUSE_CLOSING;
    case SOCK_TIME_WAIT:
        /* A socket that is open still has what bind() gave it, whatever became of its connection. */
        return tenant->role == ROLE_CLIENT && !tenant->orphan && bound < CAUSE_TIME_WAIT ? bound : CAUSE_TIME_WAIT;
    }
    return CAUSE_UNKNOWN;
}

/* True when only a timer keeps the tenant there. */
static bool is_timed(const struct run *run, const struct tenant *tenant)
{
    return !tenant->listener_stays && tenant_is_minisocket(tenant) && cause_of(run, tenant) != CAUSE_BOUND;
}

/* All tenants in sight taken together, each of which is in the way of "*". */
struct expected {
    enum cause cause;
    bool timed;           /* time alone frees it */
    bool timed_reuseaddr; /* time alone frees it for a bind with SO_REUSEADDR */
    bool request;         /* one in SYN_RECV, without its listener: the table cannot tell that from a socket */
    bool hidden;          /* one is out of sight: of times, the others' may be told, or that none is known */
};

static struct expected expect(const struct run *run, enum protocol protocol)
{
    struct expected expected = {.cause = CAUSE_NONE, .timed = true, .timed_reuseaddr = true};
    for (size_t i = 0; i < run->tenant_count; i++) {
        const struct tenant *tenant = &run->tenants[i];
        if (tenant->protocol != protocol)
            continue;
        enum cause cause = cause_of(run, tenant);
        expected.cause = cause < expected.cause ? cause : expected.cause;
        expected.hidden = expected.hidden || cause == CAUSE_UNSEEN;
        if (cause == CAUSE_UNSEEN)
            continue;
        bool goes = cause == CAUSE_NONE || is_timed(run, tenant);
        bool shares = tenant->reuseaddr && cause != CAUSE_LISTENER;
        expected.timed = expected.timed && goes;
        expected.timed_reuseaddr = expected.timed_reuseaddr && (goes || shares);
        expected.request = expected.request || cause == CAUSE_NONE;
    }
    return expected;
}

/* Where a bind fails and who makes it fail is out of sight, a request is what the table has to offer. */
static bool is_stand_in(const struct expected *expected, enum cause cause)
{
    return expected->hidden && expected->request && cause == CAUSE_CONNECTED;
}

static void assert_why(const struct run *run, const struct verdict *why)
{
    struct expected expected = expect(run, why->endpoint.protocol);
    if (expected.cause == CAUSE_UNSEEN && is_stand_in(&expected, why->cause))
        return;
    if (why->cause != expected.cause)
        fail_world(run, "the cause is another");
    if (expected.cause == CAUSE_NONE)
        return;
    enum frees_kind kind = expected.timed ? FREES_AFTER : FREES_NEVER;
    bool told = expected.cause != CAUSE_UNSEEN && why->plain.kind == kind;
    bool open = (expected.request || expected.hidden) && why->plain.kind == FREES_NOT_KNOWN;
    if (!told && !open)
        fail_world(run, "the time to free is of another kind");
    /* Whose options they are, no table tells: it may be not known, but not the contrary. */
    if (why->kind == VERDICT_HELD && why->endpoint.protocol == PROTOCOL_TCP && !expected.hidden &&
        why->reuseaddr.kind == (expected.timed_reuseaddr ? FREES_NEVER : FREES_AFTER))
        fail_world(run, "the time to free with SO_REUSEADDR is of another kind");
}

/* The same of the connection alone, whatever became of the listener that accepted it. */
static enum cause cause_of_connection(const struct run *run, const struct tenant *tenant)
{
    struct tenant alone = *tenant;
    alone.listener_stays = false;
    return cause_of(run, &alone);
}

/*
 * Of one address, the cause is one of those who are on the port. Not more: whether an IPv6 connection is in the way of
 * 0.0.0.0 depends on its IPV6_V6ONLY, which no table tells; of several, any may be named.
 */
static void assert_why_named(const struct run *run, const struct verdict *why)
{
    struct expected expected = expect(run, why->endpoint.protocol);
    if (why->cause == CAUSE_NONE || is_stand_in(&expected, why->cause))
        return;
    for (size_t i = 0; i < run->tenant_count; i++) {
        const struct tenant *tenant = &run->tenants[i];
        bool fits = cause_of(run, tenant) == why->cause || cause_of_connection(run, tenant) == why->cause;
        if (fits && tenant->protocol == why->endpoint.protocol)
            return;
    }
    fail_world(run, "the cause is none of theirs");
}

static void ask(struct run *run, enum protocol protocol, const char *address)
{
    const struct endpoint endpoint = world_endpoint(&run->world, protocol, address);
    cleanup(verdict_done) struct verdict why = {0};
    struct direct truth;
    struct error error;
    if (ways_compare(&run->ways, &endpoint, &why, &truth, &error) < 0)
        fail_world(run, error.text);
    if (run->muddled)
        return;
    if (endpoint.any_address)
        assert_why(run, &why);
    else
        assert_why_named(run, &why);
}

static void live_through(struct run *run, uint64_t number)
{
    run->seed = run->request->seed + number;
    struct dice dice = dice_new(run->seed);
    run->world = (struct world){
        .table = run->ways.inquiry.sockets,
        .port = (uint16_t)(FIRST_PORT + number % WORLDS_PER_NAMESPACE),
    };
    move_in(run, &dice);
    ask(run, PROTOCOL_TCP, "*");
    ask(run, PROTOCOL_TCP, dice_address(&dice));
    ask(run, PROTOCOL_TCP, dice_address(&dice));
    ask(run, PROTOCOL_UDP, dice_chance(&dice, 50) ? "*" : dice_address(&dice));
    world_done(&run->world);
}

static void no_world_is_judged_wrongly(void **state)
{
    struct run *run = *state;
    const struct request *request = run->request;
    int64_t deadline_ns = clock_monotonic_ns() + (int64_t)request->seconds * CLOCK_NS_PER_S;
    uint64_t number = 0;
    for (; number < request->worlds || clock_monotonic_ns() < deadline_ns; number++) {
        struct error error;
        if (number > 0 && number % WORLDS_PER_NAMESPACE == 0 &&
            (sandbox_enter(&error) < 0 || ways_reopen(&run->ways, &error) < 0))
            fail_msg("%s", error.text);
        live_through(run, number);
    }
    print_message("%" PRIu64 " worlds from seed %" PRIu64 " on, %" PRIu64 " tenants, %" PRIu64 " worlds muddled\n",
                  number, request->seed, run->tenants_total, run->muddled_total);
    assert_true(run->muddled_total * 100 <= number * MUDDLED_MAX);
}

static bool read_arguments(int argc, char **argv, struct request *request)
{
    for (int i = 1; i < argc; i += 2) {
        uint64_t *value = strcmp(argv[i], "--seed") == 0      ? &request->seed
                          : strcmp(argv[i], "--worlds") == 0  ? &request->worlds
                          : strcmp(argv[i], "--seconds") == 0 ? &request->seconds
                                                              : NULL;
        if (value == NULL || i + 1 == argc || parse_uint(argv[i + 1], INT32_MAX, value) < 0)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct request request = {.seed = 1, .worlds = 1000};
    if (!read_arguments(argc, argv, &request)) {
        (void)fprintf(stderr, "usage: %s [--seed N] [--worlds N] [--seconds N]\n", argv[0]);
        return 2;
    }
    sandbox_enter_or_skip();
    struct run run = {.request = &request};
    struct error error;
    if (ways_open(&run.ways, &error) < 0) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(no_world_is_judged_wrongly, &run)};
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    ways_print_tally(&run.ways);
    ways_done(&run.ways);
    return failures;
}
