/*
 * What the tracked ports looked like over the last hour or so: at most HISTORY_SAMPLES samples of each, 80 bytes each,
 * so 9.4 KiB a port, allocated when the port is first tracked and given back when it is forgotten.
 */
#pragma once

#include "model/report.h"

#define HISTORY_SAMPLES 120

struct history_sample {
    int64_t at_ns; /* CLOCK_REALTIME of the round */
    uint64_t time_wait_entered_total;
    uint32_t states[SOCK_STATE_COUNT]; /* UINT32_MAX: so many or more */
    uint32_t queue_length;             /* of the fullest listener */
    uint32_t queue_limit;
    enum verdict_kind verdict;
    bool listening;            /* the queue is that of a listener */
    bool entered_known;        /* the total is the port's own */
    bool bound_inactive_known; /* the kernel showed sockets in this state */
};

struct history;

/*
 * Samples a step apart that reach back over the span; the step is no shorter than the rounds' interval. span_ns > 0.
 * Returns 0 or -ENOMEM.
 */
must_use int history_new(int64_t span_ns, int64_t interval_ns, struct history **ret_history);
void history_free(struct history *history);
static inline void history_freep(struct history **history)
{
    history_free(*history);
}

int64_t history_step_ns(const struct history *history);

/*
 * Takes a sample of each tracked port when a step has passed since the last ones, and of a new port at once; forgets
 * the ports that are no longer tracked. Of a report or a namespace that failed it takes none: that leaves a gap.
 * Returns 0; or -ENOMEM: then some ports have a gap.
 */
must_use int history_add(struct history *history, const struct report *report);

/*
 * The samples of a port, oldest first, an array owned by the caller. netns: as in the report; endpoint: its protocol
 * and port. Returns 0, -ENOENT when the port is not tracked there, or -ENOMEM.
 */
must_use int history_of(const struct history *history, const char *netns, const struct endpoint *endpoint,
                        struct history_sample **ret_samples, size_t *ret_count);
