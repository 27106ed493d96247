/* One round: collect, judge, report. The only place where these meet. */
#pragma once

#include "model/census.h"
#include "model/report.h"
#include "round_options.h"

struct round;

/* Returns 0, -ENOSPC when more ports are watched than limits allow, or -ENOMEM. */
must_use int round_new(const struct round_options *options, struct round **ret_round);
void round_free(struct round *round);
static inline void round_freep(struct round **round)
{
    round_free(*round);
}

/* From now on so many other namespaces are looked at, at the most: each takes two descriptors. */
void round_limit_namespaces(struct round *round, size_t max);

/*
 * Between two rounds: as if it had been made with these options, with every counter, port and test-bind that they leave
 * a place. limits.track_traffic and directions must be as they were. Returns as round_new(): then nothing has changed.
 */
must_use int round_reconfigure(struct round *round, const struct round_options *options);

/*
 * Looks at the sockets of the namespace that the thread is in, always the same one, and of the others that options ask
 * for, and judges every endpoint. A round that fails in its own, after some tries, yields a report that says why; what
 * fails in another is told there. In report->agent, interval, http and process fields are
 * left to the caller. NULL only when memory lacks.
 */
struct report *round_run(struct round *round);

/* What the last round saw, when it did not fail; until the next one. */
const struct census *round_census(const struct round *round);
const struct kernel_settings *round_settings(const struct round *round);
