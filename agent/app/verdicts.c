#include "verdicts.h"

#include <errno.h>

#include "base/clock.h"
#include "collect/bindprobe.h"
#include "judge/judge.h"
#include "judge/overlap.h"
#include "options.h"

/* UDP can be bound only plainly, which a service that starts in that moment would notice: so, seldom. */
#define UDP_PROBE_INTERVAL_NS (60 * CLOCK_NS_PER_S)
/* A closer look walks the socket table again; what is still in doubt after so many waits for the next round. */
#define LOOKS_PER_ROUND 8
#define LOOKS_PER_ENDPOINT 2

/* The latest test-binds of an endpoint. */
struct memory {
    struct endpoint endpoint;
    int64_t probed_ns; /* CLOCK_MONOTONIC; 0: never */
    uint64_t signature;
    struct bind_result results[ENDPOINT_ADDRESSES_MAX];
    size_t result_count;
};

struct memories {
    struct memory *items;
    size_t count;
    size_t capacity;
};

struct verdicts {
    struct verdicts_options options;
    struct memories former;  /* of the round before, in order */
    struct memories current; /* of this round so far, in order */
    size_t cursor;           /* in former */
    size_t looks_left;
    struct holders look; /* reused by every closer look */
    uint64_t probes;
    uint64_t probe_failures;
};

int verdicts_new(const struct verdicts_options *options, struct verdicts **ret_verdicts)
{
    struct verdicts *verdicts = calloc(1, sizeof(*verdicts));
    if (verdicts == NULL)
        return -ENOMEM;
    verdicts->options = *options;
    *ret_verdicts = verdicts;
    return 0;
}

void verdicts_configure(struct verdicts *verdicts, const struct verdicts_options *options)
{
    verdicts->options = *options;
    /* What was found out before it was switched off would be believed for ever. */
    if (!options->probe)
        verdicts->former.count = 0;
}

void verdicts_free(struct verdicts *verdicts)
{
    if (verdicts == NULL)
        return;
    free(verdicts->former.items);
    free(verdicts->current.items);
    holders_done(&verdicts->look);
    free(verdicts);
}

void verdicts_begin(struct verdicts *verdicts)
{
    verdicts->current.count = 0;
    verdicts->cursor = 0;
    verdicts->looks_left = LOOKS_PER_ROUND;
}

void verdicts_end(struct verdicts *verdicts)
{
    struct memories former = verdicts->former;
    verdicts->former = verdicts->current;
    verdicts->current = former;
}

uint64_t verdicts_probes(const struct verdicts *verdicts)
{
    return verdicts->probes;
}

uint64_t verdicts_probe_failures(const struct verdicts *verdicts)
{
    return verdicts->probe_failures;
}

/* The endpoint's memory in this round, taken over from the one before; NULL when memory lacks. */
static struct memory *recall(struct verdicts *verdicts, const struct endpoint *endpoint)
{
    struct memories *current = &verdicts->current;
    if (current->count == current->capacity) {
        size_t capacity = current->capacity > 0 ? current->capacity * 2 : 4;
        struct memory *items = reallocarray(current->items, capacity, sizeof(*items));
        if (items == NULL)
            return NULL;
        current->items = items;
        current->capacity = capacity;
    }
    const struct memories *former = &verdicts->former;
    while (verdicts->cursor < former->count && endpoint_order(&former->items[verdicts->cursor].endpoint, endpoint) < 0)
        verdicts->cursor++;
    struct memory *memory = &current->items[current->count++];
    if (verdicts->cursor < former->count && endpoint_equal(&former->items[verdicts->cursor].endpoint, endpoint))
        *memory = former->items[verdicts->cursor];
    else
        *memory = (struct memory){.endpoint = *endpoint};
    return memory;
}

static bool has_listener_at(const struct holders *holders, const struct address *address)
{
    for (size_t i = 0; i < holders->count; i++)
        if (holders->groups[i].state == SOCK_LISTEN && overlap_of(&holders->groups[i], address) == OVERLAP_YES)
            return true;
    return false;
}

/*
 * What a test-bind's result can depend on. Where a listener is in the way of every address it alone decides, whatever
 * connections come and go beside it.
 */
static uint64_t signature_of(const struct endpoint *endpoint, const struct holders *holders)
{
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    size_t count = endpoint_addresses(endpoint, addresses);
    bool decided = true;
    for (size_t i = 0; i < count; i++)
        decided = decided && has_listener_at(holders, &addresses[i]);
    return holders->listener_signature + (decided ? 0 : holders->other_signature);
}

static bool is_due(const struct verdicts *verdicts, const struct verdicts_round *round, const struct memory *memory,
                   const struct holders *holders)
{
    if (!verdicts->options.probe)
        return false;
    int64_t age_ns = round->now_ns - memory->probed_ns;
    if (memory->endpoint.protocol == PROTOCOL_UDP)
        return holders->count == 0 && (memory->probed_ns == 0 || age_ns >= UDP_PROBE_INTERVAL_NS);
    return memory->probed_ns == 0 || age_ns >= verdicts->options.probe_interval_ns ||
           memory->signature != signature_of(&memory->endpoint, holders);
}

/* One bind for each address; what could not be made is left out. */
static void probe(struct verdicts *verdicts, const struct verdicts_round *round, struct memory *memory,
                  const struct holders *holders)
{
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    size_t count = endpoint_addresses(&memory->endpoint, addresses);
    bool reuseaddr = memory->endpoint.protocol == PROTOCOL_TCP;
    memory->result_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!bindprobe_is_harmless(round->settings, &addresses[i], memory->endpoint.port))
            continue;
        struct bind_result *result = &memory->results[memory->result_count];
        int r = bindprobe_try(memory->endpoint.protocol, &addresses[i], memory->endpoint.port, reuseaddr, result);
        if (r < 0) {
            verdicts->probe_failures++;
            continue;
        }
        verdicts->probes++;
        memory->result_count++;
    }
    memory->probed_ns = round->now_ns;
    memory->signature = signature_of(&memory->endpoint, holders);
}

/* A UDP bind that worked a while ago says nothing once the table shows a socket. */
static size_t results_that_hold(const struct memory *memory, const struct holders *holders)
{
    return memory->endpoint.protocol == PROTOCOL_UDP && holders->count > 0 ? 0 : memory->result_count;
}

static int judge_endpoint(const struct verdicts_round *round, const struct memory *memory,
                          const struct holders *holders, struct verdict *ret_verdict)
{
    struct judge_evidence evidence = {
        .endpoint = memory->endpoint,
        .asker = JUDGE_FOR_AGENT,
        .holders = holders,
        .table_shows_bound = sockets_shows_bound(round->sockets),
        .source = sockets_source(round->sockets),
        .settings = round->settings,
        .performed = memory->results,
        .performed_count = results_that_hold(memory, holders),
    };
    return judge(&evidence, ret_verdict);
}

struct look {
    struct holders *holders;
    struct ownership *ownership;
};

static int add_to_look(void *context, const struct sock *sock)
{
    struct look *look = context;
    struct claim claim = {0};
    if (sock->protocol == PROTOCOL_TCP)
        ownership_see(look->ownership, sock, &claim);
    return holders_add_claimed(look->holders, sock, &claim);
}

/* The port's sockets as they are now, with what tells who opened each connection. */
static int look_closer(struct verdicts *verdicts, const struct verdicts_round *round, const struct endpoint *endpoint)
{
    const struct sockets_query query = {
        .protocol = endpoint->protocol,
        .port = endpoint->port,
        .directions = true,
        .as_of_ns = round->now_ns,
    };
    struct look look = {.holders = &verdicts->look, .ownership = round->ownership};
    holders_reset(&verdicts->look);
    return sockets_walk(round->sockets, &query, add_to_look, &look, NULL);
}

int verdicts_ask(struct verdicts *verdicts, const struct verdicts_round *round, const struct endpoint *endpoint,
                 const struct holders *holders, struct verdict *ret_verdict)
{
    struct memory *memory = recall(verdicts, endpoint);
    if (memory == NULL)
        return -ENOMEM;
    if (is_due(verdicts, round, memory, holders))
        probe(verdicts, round, memory, holders);
    cleanup(verdict_done) struct verdict verdict = {0};
    int r = judge_endpoint(round, memory, holders, &verdict);
    for (int looks = 0; r == 0 && judge_wants_closer_look(&verdict) && looks < LOOKS_PER_ENDPOINT; looks++) {
        if (verdicts->looks_left == 0 || look_closer(verdicts, round, endpoint) < 0)
            break;
        /* /proc/net has no filter: there, a look at one port is one at all. */
        verdicts->looks_left -= verdict.source.kind == SOURCE_NETLINK ? 1 : verdicts->looks_left;
        bool udp_is_taken = endpoint->protocol == PROTOCOL_UDP && verdicts->look.count > 0;
        if (verdict.contradiction && verdicts->options.probe && !udp_is_taken)
            probe(verdicts, round, memory, &verdicts->look);
        verdict_done(&verdict);
        r = judge_endpoint(round, memory, &verdicts->look, &verdict);
    }
    if (r < 0)
        return r;
    *ret_verdict = verdict;
    verdict = (struct verdict){0};
    return 0;
}
