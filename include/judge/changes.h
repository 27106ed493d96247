/* What happened between one round and the next: two reports in, events out. No clock: a report has its own. */
#pragma once

#include "model/event.h"
#include "model/report.h"

/* Of accept queues that overflow. */
struct change_queues {
    bool told;      /* that attempts to connect are dropped: once, until a round in which none is */
    int64_t unseen; /* attempts dropped in the round before, when no queue was full in its socket table */
};

/* What the rounds so far looked like. Zero-initialised: there was none. */
struct changes {
    struct report *before; /* owned reference: of the last round that succeeded */
    bool failing;
    struct change_queues *queues; /* owned; of the namespaces of before, as report_netns_at() counts them */
};

void changes_done(struct changes *changes);

/*
 * Calls emit for each event of this round: the agent's own first, then by namespace what happened to its listeners, its
 * accept queues and its verdicts, each by port. An event has no id yet. The first round has none, nor has the first one
 * of a namespace: nothing is known to have changed. Returns 0; or -ENOMEM: then nothing is told, and the next round is
 * compared with the one before.
 */
must_use int changes_look(struct changes *changes, struct report *now,
                          void (*emit)(void *context, const struct event *event), void *context);
