/* From rounds to what happened: events and samples, for the board to show. */
#pragma once

#include "judge/changes.h"
#include "serve/board.h"

struct chronicle {
    struct board *board; /* outlives the chronicle */
    struct changes changes;
};

/* history_ns: how far samples reach back, 0: none are kept. The first event is told: that the agent has started. */
must_use int chronicle_open(struct board *board, int64_t history_ns, int64_t interval_ns,
                            struct chronicle *ret_chronicle);
void chronicle_done(struct chronicle *chronicle);

/* Each report once, in order, before others see it. Returns 0, or -ENOMEM: then events or samples are missing. */
must_use int chronicle_add(struct chronicle *chronicle, struct report *report);

/* Something that happened to the agent, now: one sentence without a full stop. */
void chronicle_tell(struct chronicle *chronicle, enum event_kind kind, const char *sentence);
