#include "waiting.h"

#include "judge/overlap.h"

/* How long a TIME_WAIT lasts (TCP_TIMEWAIT_LEN in include/net/tcp.h); here only for the step of its timer. */
#define TIME_WAIT_MS 60000
/* A busy machine comes to its timers late, by some milliseconds as a rule: the port is to be free when it was said. */
#define LATENESS_MS 100
/* Where it is open which of two times counts, the later one is told when it is so little later: half a second may be.
 */
#define VAGUENESS_MS 300
#define NEVER_MS INT64_MAX

/* When a bind works again: not before the one, and by the other. */
struct window {
    int64_t earliest_ms;
    int64_t latest_ms;
};

static int64_t min(int64_t left, int64_t right)
{
    return left < right ? left : right;
}

static int64_t max(int64_t left, int64_t right)
{
    return left > right ? left : right;
}

/* When a socket of the group that has so much time left is gone, at the latest. */
static int64_t gone_after_ms(const struct judge_evidence *evidence, const struct holder *holder, uint32_t remaining_ms)
{
    if (!holder->minisocket)
        return NEVER_MS;
    int64_t armed_ms = TIME_WAIT_MS;
    if (holder->state == SOCK_FIN_WAIT2 && evidence->settings->fin_timeout_seconds != KERNEL_UNKNOWN)
        armed_ms = evidence->settings->fin_timeout_seconds * 1000;
    /* The setting was another when this timer was armed, or TCP_LINGER2 overruled it. */
    armed_ms = max(armed_ms, holder->longest_remaining_ms);
    return remaining_ms + kernel_timer_slack_ms(evidence->settings, armed_ms) + LATENESS_MS;
}

static struct window window_at(const struct judge_evidence *evidence, const struct place *place, bool reuseaddr)
{
    int64_t last_sure_ms = -1;
    int64_t first_ms = NEVER_MS;
    int64_t last_ms = -1;
    for (size_t i = 0; i < evidence->holders->count; i++) {
        const struct holder *holder = &evidence->holders->groups[i];
        enum overlap overlap = overlap_of(holder, &place->address);
        if (overlap == OVERLAP_NO)
            continue;
        int64_t gone_ms = gone_after_ms(evidence, holder, holder->longest_remaining_ms);
        /* Where they only may be in the way, it may be any one of the group that is. */
        first_ms = min(first_ms, gone_after_ms(evidence, holder, holder->shortest_remaining_ms));
        last_ms = max(last_ms, gone_ms);
        if (overlap == OVERLAP_YES)
            last_sure_ms = max(last_sure_ms, gone_ms);
    }
    if (last_ms < 0)
        return (struct window){.earliest_ms = 0, .latest_ms = NEVER_MS};
    if (!reuseaddr)
        return (struct window){.earliest_ms = last_sure_ms >= 0 ? last_sure_ms : first_ms, .latest_ms = last_ms};
    if (place->obstacles.listener)
        return (struct window){.earliest_ms = NEVER_MS, .latest_ms = NEVER_MS};
    /* It may be the minisockets that block, or the live sockets: no table tells. */
    bool mixed = last_ms == NEVER_MS && first_ms < NEVER_MS;
    return (struct window){.earliest_ms = mixed ? 0 : last_ms, .latest_ms = last_ms};
}

struct frees waiting_for(const struct judge_evidence *evidence, const struct place *places, size_t place_count,
                         bool reuseaddr)
{
    struct window all = {0};
    for (size_t i = 0; i < place_count; i++) {
        if (!places_cell_fails(reuseaddr ? &places[i].reuseaddr : &places[i].plain))
            continue;
        struct window one = window_at(evidence, &places[i], reuseaddr);
        all.earliest_ms = max(all.earliest_ms, one.earliest_ms);
        all.latest_ms = max(all.latest_ms, one.latest_ms);
    }
    if (all.earliest_ms == NEVER_MS)
        return (struct frees){.kind = FREES_NEVER};
    if (all.latest_ms - all.earliest_ms > VAGUENESS_MS)
        return (struct frees){.kind = FREES_NOT_KNOWN};
    return (struct frees){.kind = FREES_AFTER, .seconds = (double)all.latest_ms / 1000};
}
