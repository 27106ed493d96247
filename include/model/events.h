/*
 * The last events, in fixed memory: EVENTS_MAX of them, 0.5 MiB. Ids begin with 1 and rise by one as long as the agent
 * lives, so a gap tells how many were overwritten; after a restart they begin anew, under another instance.
 */
#pragma once

#include <stddef.h>

#include "model/event.h"

#define EVENTS_MAX 1024

struct events;

/* instance: what no other life of this agent has, as the time of its start. */
must_use int events_new(uint64_t instance, struct events **ret_events);
void events_free(struct events *events);
static inline void events_freep(struct events **events)
{
    events_free(*events);
}

/* Copies it, and gives it the next id. */
void events_add(struct events *events, const struct event *event);

/* A copy of some of them. */
struct events_page {
    uint64_t instance;
    struct event *items; /* owned; oldest first */
    size_t count;
};
void events_page_done(struct events_page *page);

/*
 * Those that are kept with an id above since; all of them when there has been no such id yet: it is from an earlier
 * life of the agent. Returns 0, the page owned by the caller; or -ENOMEM.
 */
must_use int events_since(const struct events *events, uint64_t since, struct events_page *ret_page);
