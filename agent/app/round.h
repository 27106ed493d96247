/* One round: collect, judge, report. The only place where these meet. */
#pragma once

#include "model/census.h"
#include "model/report.h"
#include "options.h"

struct round;

struct round_options {
    const struct watch *watches; /* in the order of options.h; must outlive the round */
    size_t watch_count;
    struct census_limits limits;
    bool probe;
    int64_t probe_interval_ns;
    bool owners;
    bool directions; /* ask every connection who opened it: dear, for a single look only */
};

/* Returns 0, -ENOSPC when more ports are watched than limits allow, or -ENOMEM. */
must_use int round_new(const struct round_options *options, struct round **ret_round);
void round_free(struct round *round);
static inline void round_freep(struct round **round)
{
    round_free(*round);
}

/*
 * Looks at the sockets of the namespace that the thread was in at the first round, and judges every endpoint. A round
 * that fails, after some tries, yields a report that says why. In report->agent, interval, http and process fields are
 * left to the caller. NULL only when memory lacks.
 */
struct report *round_run(struct round *round);

/* What the last round saw, when it did not fail; until the next one. */
const struct census *round_census(const struct round *round);
