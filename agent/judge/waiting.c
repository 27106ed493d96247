#include "waiting.h"

#include "judge/overlap.h"

/* How long a TIME_WAIT lasts (TCP_TIMEWAIT_LEN in include/net/tcp.h), unless more is left; only for the timer's step. */
#define TIME_WAIT_MS 60000

/* Of the holders that block. */
struct blockade {
    bool listener;
    bool minisockets;
    bool others;
    int64_t longest_ms;
};

/* When the last minisocket of the group is gone, at the latest. */
static int64_t gone_after_ms(const struct judge_evidence *evidence, const struct holder *holder)
{
    int64_t armed_ms = TIME_WAIT_MS;
    if (holder->state == SOCK_FIN_WAIT2 && evidence->settings->fin_timeout_seconds != KERNEL_UNKNOWN)
        armed_ms = evidence->settings->fin_timeout_seconds * 1000;
    if (holder->longest_remaining_ms > armed_ms)
        armed_ms = holder->longest_remaining_ms;
    return holder->longest_remaining_ms + kernel_timer_slack_ms(evidence->settings, armed_ms);
}

static bool blocks(const struct holder *holder, const struct place *places, size_t place_count, bool reuseaddr)
{
    for (size_t i = 0; i < place_count; i++) {
        const struct cell *cell = reuseaddr ? &places[i].reuseaddr : &places[i].plain;
        if (places_cell_fails(cell) && overlap_of(holder, &places[i].address) != OVERLAP_NO)
            return true;
    }
    return false;
}

static void add(struct blockade *blockade, const struct judge_evidence *evidence, const struct holder *holder)
{
    if (!holder->minisocket) {
        blockade->others = true;
        blockade->listener = blockade->listener || holder->state == SOCK_LISTEN;
        return;
    }
    blockade->minisockets = true;
    int64_t gone_ms = gone_after_ms(evidence, holder);
    if (gone_ms > blockade->longest_ms)
        blockade->longest_ms = gone_ms;
}

struct frees waiting_for(const struct judge_evidence *evidence, const struct place *places, size_t place_count,
                         const struct holder *holders, size_t holder_count, bool reuseaddr)
{
    struct blockade blockade = {0};
    for (size_t i = 0; i < holder_count; i++)
        if (blocks(&holders[i], places, place_count, reuseaddr))
            add(&blockade, evidence, &holders[i]);
    if (blockade.listener || !blockade.minisockets)
        return (struct frees){.kind = FREES_NEVER};
    if (!blockade.others)
        return (struct frees){.kind = FREES_AFTER, .seconds = (double)blockade.longest_ms / 1000};
    /* With SO_REUSEADDR it may be the minisockets that block, or the live sockets: no table tells. */
    return (struct frees){.kind = reuseaddr ? FREES_NOT_KNOWN : FREES_NEVER};
}
