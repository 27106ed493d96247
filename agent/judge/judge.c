#include "judge/judge.h"

#include <errno.h>

#include "judge/overlap.h"
#include "places.h"
#include "waiting.h"

/* Does a bind of the endpoint work, all its addresses taken together? */
enum outcome { OUTCOME_WORKS, OUTCOME_FAILS, OUTCOME_UNKNOWN };

struct court {
    const struct judge_evidence *evidence;
    struct place places[ENDPOINT_ADDRESSES_MAX];
    size_t place_count;
    enum outcome plain;
    enum outcome reuseaddr;
};

static bool is_below_unprivileged(const struct judge_evidence *evidence)
{
    int64_t start = evidence->settings->unprivileged_port_start;
    return start == KERNEL_UNKNOWN || evidence->endpoint.port < start;
}

/*
 * obstacle: the table shows what would block this bind whatever the rights of who asks. Without it, a bind that failed
 * for the agent's lack of rights says nothing of a server that has them.
 */
static enum outcome outcome_of(const struct judge_evidence *evidence, const struct cell *cell, bool obstacle)
{
    if (!cell->known)
        return OUTCOME_UNKNOWN;
    bool about_others = evidence->asker == JUDGE_FOR_AGENT && is_below_unprivileged(evidence);
    switch (cell->result.error) {
    case 0:
        return OUTCOME_WORKS;
    case EACCES:
        return about_others && !obstacle ? OUTCOME_UNKNOWN : OUTCOME_FAILS;
    case EADDRINUSE:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case EPERM:
        return OUTCOME_FAILS;
    default:
        /* Memory ran out, or a sandbox answered: of the port that says nothing. */
        return obstacle ? OUTCOME_FAILS : OUTCOME_UNKNOWN;
    }
}

static enum outcome worse(enum outcome left, enum outcome right)
{
    if (left == OUTCOME_FAILS || right == OUTCOME_FAILS)
        return OUTCOME_FAILS;
    return left == OUTCOME_WORKS ? right : left;
}

static void hear(const struct judge_evidence *evidence, struct court *court)
{
    *court = (struct court){.evidence = evidence, .plain = OUTCOME_WORKS, .reuseaddr = OUTCOME_WORKS};
    court->place_count = places_examine(evidence, court->places);
    for (size_t i = 0; i < court->place_count; i++) {
        const struct place *place = &court->places[i];
        court->plain = worse(court->plain, outcome_of(evidence, &place->plain, place->obstacles.some));
        court->reuseaddr = worse(court->reuseaddr, outcome_of(evidence, &place->reuseaddr, place->obstacles.listener));
    }
    if (court->place_count == 0)
        court->plain = court->reuseaddr = OUTCOME_UNKNOWN;
}

static enum verdict_kind kind_of(const struct court *court)
{
    if (court->plain == OUTCOME_WORKS)
        return VERDICT_FREE;
    if (court->evidence->endpoint.protocol == PROTOCOL_UDP)
        return court->plain == OUTCOME_FAILS ? VERDICT_HELD : VERDICT_UNKNOWN;
    if (court->reuseaddr == OUTCOME_FAILS)
        return VERDICT_HELD;
    if (court->plain == OUTCOME_FAILS && court->reuseaddr == OUTCOME_WORKS)
        return VERDICT_REUSABLE;
    return VERDICT_UNKNOWN;
}

static bool some_bind_failed_with(const struct court *court, int error)
{
    for (size_t i = 0; i < court->place_count; i++)
        if (court->places[i].plain.known && court->places[i].plain.result.error == error)
            return true;
    return false;
}

static enum cause cause_of_connection(const struct judge_evidence *evidence, const struct holder *holder)
{
    switch (holder->direction) {
    case DIRECTION_INBOUND:
        return CAUSE_CONNECTED;
    case DIRECTION_OUTBOUND:
        return CAUSE_OUTGOING;
    case DIRECTION_UNKNOWN:
        /* Not known: then by what the port is there for. */
        return kernel_port_is_ephemeral(evidence->settings, evidence->endpoint.port) ? CAUSE_OUTGOING : CAUSE_CONNECTED;
    }
    return CAUSE_CONNECTED;
}

static enum cause cause_of_holder(const struct judge_evidence *evidence, const struct holder *holder)
{
    if (evidence->endpoint.protocol == PROTOCOL_UDP)
        return CAUSE_BOUND;
    switch (holder->state) {
    case SOCK_LISTEN:
        return CAUSE_LISTENER;
    case SOCK_CLOSE:
    case SOCK_BOUND_INACTIVE:
        return CAUSE_BOUND;
    case SOCK_SYN_SENT:
        return CAUSE_OUTGOING;
    case SOCK_SYN_RECV:
        return CAUSE_CONNECTED;
    case SOCK_ESTABLISHED:
    case SOCK_CLOSE_WAIT:
        return cause_of_connection(evidence, holder);
    case SOCK_FIN_WAIT1:
    case SOCK_FIN_WAIT2:
    case SOCK_CLOSING:
    case SOCK_LAST_ACK:
        return CAUSE_CLOSING;
    case SOCK_TIME_WAIT:
        return CAUSE_TIME_WAIT;
    }
    return CAUSE_UNKNOWN;
}

/* The first of the order in which causes are named. */
static enum cause cause_of(const struct court *court, const struct verdict *verdict)
{
    const struct judge_evidence *evidence = court->evidence;
    bool refused = some_bind_failed_with(court, EACCES);
    if (some_bind_failed_with(court, EPERM) || (refused && !is_below_unprivileged(evidence)))
        return CAUSE_DENIED;
    if (some_bind_failed_with(court, EADDRNOTAVAIL) || some_bind_failed_with(court, EAFNOSUPPORT))
        return CAUSE_ADDRESS;
    if (court->plain == OUTCOME_WORKS)
        return CAUSE_NONE;
    if (verdict->holder_count > 0 && (court->plain == OUTCOME_FAILS || refused))
        return cause_of_holder(evidence, &verdict->holders[0]);
    if (refused)
        return CAUSE_PRIVILEGED;
    return some_bind_failed_with(court, EADDRINUSE) ? CAUSE_UNSEEN : CAUSE_UNKNOWN;
}

/*
 * True when what is sure to be in the way is reason enough. An IPv6 socket at an IPv4 address was made by a listener
 * that serves both: a listener of which that is not known is taken for it.
 */
static bool is_explained(const struct obstacles *obstacles, const struct holder *unsure)
{
    return unsure->state == SOCK_LISTEN ? obstacles->direct : obstacles->some;
}

/* A socket in the way of a bind that fails; an unsure one only where the kernel found one and the table no sure one. */
static bool is_in_the_way(const struct court *court, const struct holder *holder)
{
    for (size_t i = 0; i < court->place_count; i++) {
        const struct place *place = &court->places[i];
        bool works = place->plain.known && place->plain.result.error == 0;
        enum overlap overlap = overlap_of(holder, &place->address);
        bool taken = place->plain.known && place->plain.result.error == EADDRINUSE;
        bool missed = overlap == OVERLAP_PERHAPS && taken && !is_explained(&place->obstacles, holder);
        if (!works && (overlap == OVERLAP_YES || missed))
            return true;
    }
    return false;
}

/* Orders holders: those whose cause is named first come first, then the more numerous; mere requests come last. */
static int decides_before(const void *left, const void *right, void *evidence)
{
    const struct holder *l = left;
    const struct holder *r = right;
    if (overlap_is_request(l) != overlap_is_request(r))
        return overlap_is_request(l) ? 1 : -1;
    enum cause lc = cause_of_holder(evidence, l);
    enum cause rc = cause_of_holder(evidence, r);
    if (lc != rc)
        return lc < rc ? -1 : 1;
    return (l->count < r->count) - (l->count > r->count);
}

static int list_holders(const struct court *court, struct verdict *verdict)
{
    const struct holders *all = court->evidence->holders;
    if (all->count == 0)
        return 0;
    verdict->holders = calloc(all->count, sizeof(*verdict->holders));
    if (verdict->holders == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < all->count; i++)
        if (is_in_the_way(court, &all->groups[i]))
            verdict->holders[verdict->holder_count++] = all->groups[i];
    struct judge_evidence evidence = *court->evidence;
    qsort_r(verdict->holders, verdict->holder_count, sizeof(*verdict->holders), decides_before, &evidence);
    return 0;
}

static void list_binds(const struct court *court, struct verdict *verdict)
{
    for (size_t i = 0; i < court->place_count; i++)
        if (court->places[i].plain.known)
            verdict->binds[verdict->bind_count++] = court->places[i].plain.result;
    for (size_t i = 0; i < court->place_count; i++)
        if (court->places[i].reuseaddr.known)
            verdict->binds[verdict->bind_count++] = court->places[i].reuseaddr.result;
}

static struct frees frees_of(const struct court *court, const struct verdict *verdict, bool reuseaddr)
{
    enum outcome outcome = reuseaddr ? court->reuseaddr : court->plain;
    if (outcome == OUTCOME_WORKS)
        return (struct frees){.kind = FREES_AFTER, .seconds = 0};
    if (outcome == OUTCOME_UNKNOWN)
        return (struct frees){.kind = FREES_NOT_KNOWN};
    /* Sockets may be in the way as well; once they are gone, the refusal stays. */
    bool refused = court->evidence->asker == JUDGE_FOR_WHY && some_bind_failed_with(court, EACCES);
    if (verdict->cause <= CAUSE_LISTENER || refused)
        return (struct frees){.kind = FREES_NEVER};
    return waiting_for(court->evidence, court->places, court->place_count, reuseaddr);
}

static bool is_some_time_away(const struct frees *frees)
{
    return frees->kind == FREES_AFTER && frees->seconds > 0;
}

/* A late FIN makes a TIME_WAIT of an orphaned FIN_WAIT2. */
static bool may_extend(const struct verdict *verdict)
{
    if (!is_some_time_away(&verdict->plain) && !is_some_time_away(&verdict->reuseaddr))
        return false;
    for (size_t i = 0; i < verdict->holder_count; i++)
        if (verdict->holders[i].minisocket && verdict->holders[i].state == SOCK_FIN_WAIT2)
            return true;
    return false;
}

int judge(const struct judge_evidence *evidence, struct verdict *ret_verdict)
{
    struct court court;
    hear(evidence, &court);
    struct verdict verdict = {.endpoint = evidence->endpoint, .kind = kind_of(&court), .source = evidence->source};
    int r = list_holders(&court, &verdict);
    if (r < 0)
        return r;
    list_binds(&court, &verdict);
    verdict.cause = cause_of(&court, &verdict);
    for (size_t i = 0; i < court.place_count; i++)
        verdict.contradiction = verdict.contradiction || places_contradict(&court.places[i]);
    verdict.plain = frees_of(&court, &verdict, false);
    if (evidence->endpoint.protocol == PROTOCOL_TCP)
        verdict.reuseaddr = frees_of(&court, &verdict, true);
    verdict.may_extend = may_extend(&verdict);
    *ret_verdict = verdict;
    return 0;
}

static bool is_live_connection(const struct holder *holder)
{
    return holder->state == SOCK_ESTABLISHED || holder->state == SOCK_CLOSE_WAIT;
}

bool judge_wants_closer_look(const struct verdict *verdict)
{
    if (verdict->contradiction)
        return true;
    bool told = verdict->source.kind == SOURCE_NETLINK;
    if (!told || (verdict->cause != CAUSE_OUTGOING && verdict->cause != CAUSE_CONNECTED))
        return false;
    for (size_t i = 0; i < verdict->holder_count; i++)
        if (is_live_connection(&verdict->holders[i]) && verdict->holders[i].direction == DIRECTION_UNKNOWN)
            return true;
    return false;
}
