#include "waiter.h"

#include <errno.h>

#include "base/clock.h"
#include "collect/bindprobe.h"
#include "judge/overlap.h"

/* Between two looks: the change may come at any time. */
#define PAUSE_NS (30 * CLOCK_NS_PER_MS)
/* What is known of the holders is renewed so seldom; or after so many times what that costs, where the table is large.
 */
#define REFRESH_NS CLOCK_NS_PER_S
#define REFRESH_PER_COST 400
/* Of one core; and what may be used at once before the share has accrued. */
#define CPU_SHARE 0.007
#define CPU_ADVANCE_NS (20 * CLOCK_NS_PER_MS)

void waiter_done(struct waiter *waiter)
{
    verdict_done(&waiter->verdict);
}

void waiter_budget_begin(struct waiter_budget *budget)
{
    budget->from_ns = clock_monotonic_ns();
    budget->spent_ns = clock_process_cpu_ns();
}

int64_t waiter_budget_allows_at(const struct waiter_budget *budget, int64_t now_ns)
{
    int64_t spent_ns = clock_process_cpu_ns() - budget->spent_ns - CPU_ADVANCE_NS;
    int64_t accrued_at_ns = budget->from_ns + (int64_t)((double)spent_ns / CPU_SHARE);
    return accrued_at_ns > now_ns ? accrued_at_ns : now_ns;
}

/* The binds of one look, in the order in which they were made. */
struct trial {
    struct bind_result results[ENDPOINT_ADDRESSES_MAX];
    size_t count;
};

/* False when a bind is refused now. What cannot be tried passes: then the table decides. */
static bool passes(const struct waiter *waiter, const struct inquiry *inquiry, const struct address *address,
                   struct trial *trial)
{
    const struct endpoint *endpoint = &waiter->endpoint;
    struct bind_result *result = &trial->results[trial->count];
    if (!bindprobe_is_harmless(&inquiry->settings, address, endpoint->port) ||
        bindprobe_try(endpoint->protocol, address, endpoint->port, waiter->reuseaddr, result) < 0)
        return true;
    trial->count++;
    return result->error == 0 || result->error == EAFNOSUPPORT;
}

/*
 * Cheap, and harmless: a bind that fails holds nothing. The dual-stack address comes before the IPv4 one, as it meets
 * all that the other meets: so the first bind that works belongs to the last look.
 */
static bool seems_free(const struct waiter *waiter, const struct inquiry *inquiry, struct trial *trial)
{
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    size_t i = endpoint_addresses(&waiter->endpoint, addresses);
    while (i > 0 && passes(waiter, inquiry, &addresses[i - 1], trial))
        i--;
    return i == 0;
}

/* trial: what is known of the binds already. */
static int ask(struct waiter *waiter, struct inquiry *inquiry, enum inquiry_binds binds, const struct trial *trial,
               struct error *error)
{
    struct verdict verdict;
    int64_t now_ns = clock_monotonic_ns();
    int64_t spent_ns = clock_process_cpu_ns();
    const struct inquiry_question question = {&waiter->endpoint, binds, now_ns, trial->results, trial->count};
    int r = inquiry_ask(inquiry, &question, &verdict, error);
    if (r < 0)
        return r;
    verdict_done(&waiter->verdict);
    waiter->verdict = verdict;
    waiter->looked_ns = now_ns;
    int64_t fresh_ns = (clock_process_cpu_ns() - spent_ns) * REFRESH_PER_COST;
    waiter->stale_ns = now_ns + (fresh_ns > REFRESH_NS ? fresh_ns : REFRESH_NS);
    return 0;
}

static bool is_free(const struct waiter *waiter)
{
    const struct verdict *verdict = &waiter->verdict;
    if (!waiter->reuseaddr)
        return verdict->kind == VERDICT_FREE;
    return verdict->reuseaddr.kind == FREES_AFTER && verdict->reuseaddr.seconds <= 0;
}

static int look_for_free(struct waiter *waiter, struct inquiry *inquiry, struct error *error)
{
    struct trial trial = {.count = 0};
    bool seems = seems_free(waiter, inquiry, &trial);
    if (!seems && waiter->looked_ns != 0)
        return 0;
    int r = ask(waiter, inquiry, seems && !waiter->reuseaddr ? INQUIRY_ALL : INQUIRY_GENTLE, &trial, error);
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
    struct sockets_query query = {
        .protocol = waiter->endpoint.protocol,
        .port = waiter->endpoint.port,
        .listeners = true,
    };
    search.address_count = endpoint_addresses(&waiter->endpoint, search.addresses);
    int r = sockets_walk(inquiry->sockets, &query, visit_listener, &search, error);
    if (r == 0 && search.found)
        r = ask(waiter, inquiry, INQUIRY_NO_BIND, &(struct trial){.count = 0}, error);
    waiter->met = r == 0 && search.found;
    return r;
}

int waiter_look(struct waiter *waiter, struct inquiry *inquiry, struct error *error)
{
    int r = waiter->goal == WAIT_FOR_FREE ? look_for_free(waiter, inquiry, error)
                                          : look_for_listening(waiter, inquiry, error);
    waiter->due_ns = clock_monotonic_ns() + PAUSE_NS;
    return r;
}

int waiter_refresh(struct waiter *waiter, struct inquiry *inquiry, struct error *error)
{
    if (waiter->goal == WAIT_FOR_LISTENING || clock_monotonic_ns() < waiter->stale_ns)
        return 0;
    return ask(waiter, inquiry, INQUIRY_GENTLE, &(struct trial){.count = 0}, error);
}
