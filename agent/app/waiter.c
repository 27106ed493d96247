#include "waiter.h"

#include <errno.h>

#include "base/clock.h"
#include "collect/bindprobe.h"
#include "judge/overlap.h"

/* Between two looks when the change may come at any time, and when nothing is due yet. */
#define NEAR_NS (20 * CLOCK_NS_PER_MS)
#define FAR_NS (250 * CLOCK_NS_PER_MS)
/* What is shown of the holders is at most so old. */
#define REFRESH_NS CLOCK_NS_PER_S
/* Of one core; and what may be used at once before the share has accrued. */
#define CPU_SHARE 0.008
#define CPU_ADVANCE_NS (20 * CLOCK_NS_PER_MS)
#define TIME_WAIT_MS 60000

void waiter_done(struct waiter *waiter)
{
    verdict_done(&waiter->verdict);
}

int64_t waiter_budget_allows_at(int64_t started_ns, int64_t now_ns)
{
    int64_t spent_ns = clock_process_cpu_ns() - CPU_ADVANCE_NS;
    int64_t accrued_at_ns = started_ns + (int64_t)((double)spent_ns / CPU_SHARE);
    return accrued_at_ns > now_ns ? accrued_at_ns : now_ns;
}

/* False when a bind with SO_REUSEADDR fails at some address: then a plain one fails, too. */
static bool passes_with_reuseaddr(const struct inquiry *inquiry, const struct endpoint *endpoint)
{
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    size_t count = endpoint_addresses(endpoint, addresses);
    for (size_t i = 0; i < count; i++) {
        struct bind_result result;
        if (bindprobe_is_harmless(&inquiry->settings, &addresses[i], endpoint->port) &&
            bindprobe_try(PROTOCOL_TCP, &addresses[i], endpoint->port, true, &result) == 0 && result.error == EADDRINUSE)
            return false;
    }
    return true;
}

static int ask(struct waiter *waiter, struct inquiry *inquiry, enum inquiry_binds binds, struct error *error)
{
    struct verdict verdict;
    int r = inquiry_ask(inquiry, &waiter->endpoint, binds, &verdict, error);
    if (r < 0)
        return r;
    verdict_done(&waiter->verdict);
    waiter->verdict = verdict;
    waiter->looked_ns = clock_monotonic_ns();
    return 0;
}

static bool is_free(const struct waiter *waiter)
{
    const struct verdict *verdict = &waiter->verdict;
    if (!waiter->reuseaddr)
        return verdict->kind == VERDICT_FREE;
    return verdict->reuseaddr.kind == FREES_AFTER && verdict->reuseaddr.seconds <= 0;
}

/* The plain bind, which a starting service could notice, comes last: when everything else says that it will work. */
static int look_for_free(struct waiter *waiter, struct inquiry *inquiry, struct error *error)
{
    bool tcp = waiter->endpoint.protocol == PROTOCOL_TCP;
    bool stale = waiter->looked_ns == 0 || clock_monotonic_ns() - waiter->looked_ns >= REFRESH_NS;
    if (tcp && !stale && !passes_with_reuseaddr(inquiry, &waiter->endpoint))
        return 0;
    int r = ask(waiter, inquiry, tcp ? INQUIRY_GENTLE : INQUIRY_NO_BIND, error);
    if (r == 0 && is_free(waiter) && !waiter->reuseaddr)
        r = ask(waiter, inquiry, INQUIRY_ALL, error);
    waiter->met = r == 0 && is_free(waiter);
    return r;
}

/* The endpoint that is waited for, and whether a listener was met on it. */
struct search {
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    size_t address_count;
    bool found;
};

static int visit_listener(void *context, const struct sock *sock)
{
    struct search *search = context;
    struct holder holder = {.family = sock->family, .v6only = sock->v6only, .local = sock->local};
    for (size_t i = 0; i < search->address_count; i++)
        search->found = search->found || overlap_of(&holder, &search->addresses[i]) == OVERLAP_YES;
    return 0;
}

static int look_for_listening(struct waiter *waiter, struct inquiry *inquiry, struct error *error)
{
    struct search search = {0};
    struct sockdiag_query query = {
        .protocol = waiter->endpoint.protocol,
        .port = waiter->endpoint.port,
        .listeners = true,
    };
    search.address_count = endpoint_addresses(&waiter->endpoint, search.addresses);
    int r = sockdiag_walk(inquiry->sockdiag, &query, visit_listener, &search, error);
    if (r == 0 && search.found)
        r = ask(waiter, inquiry, INQUIRY_NO_BIND, error);
    waiter->met = r == 0 && search.found;
    return r;
}

/* Nothing is expected before the last TIME_WAIT is due, but it may end early. */
static int64_t pause_of(const struct waiter *waiter, const struct inquiry *inquiry)
{
    const struct frees *frees = waiter->reuseaddr ? &waiter->verdict.reuseaddr : &waiter->verdict.plain;
    if (waiter->goal == WAIT_FOR_LISTENING || waiter->verdict.kind != VERDICT_REUSABLE || frees->kind != FREES_AFTER)
        return NEAR_NS;
    int64_t slack_ns = kernel_timer_slack_ms(&inquiry->settings, TIME_WAIT_MS) * CLOCK_NS_PER_MS;
    int64_t expected_ns = waiter->looked_ns + (int64_t)(frees->seconds * (double)CLOCK_NS_PER_S) - slack_ns;
    int64_t left_ns = expected_ns - clock_monotonic_ns();
    if (left_ns <= NEAR_NS)
        return NEAR_NS;
    return left_ns < FAR_NS ? left_ns : FAR_NS;
}

int waiter_look(struct waiter *waiter, struct inquiry *inquiry, struct error *error)
{
    int r = waiter->goal == WAIT_FOR_FREE ? look_for_free(waiter, inquiry, error)
                                          : look_for_listening(waiter, inquiry, error);
    waiter->due_ns = clock_monotonic_ns() + pause_of(waiter, inquiry);
    return r;
}
