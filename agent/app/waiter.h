/*
 * Notices within some hundredths of a second that an endpoint has become free, or listening, on less than one
 * hundredth of a core: cheap test-binds often, walks of the socket table seldom, and when a bind says that it is free.
 */
#pragma once

#include "inquiry.h"

enum wait_goal { WAIT_FOR_FREE, WAIT_FOR_LISTENING };

/* What is waited for at one endpoint. */
struct waiter {
    struct endpoint endpoint;
    enum wait_goal goal;
    bool reuseaddr;         /* free for a server that sets SO_REUSEADDR */
    bool met;               /* once; no longer looked at */
    struct verdict verdict; /* owned: as of the last look at the table */
    int64_t looked_ns;      /* CLOCK_MONOTONIC of that look; 0: none yet */
    int64_t stale_ns;       /* CLOCK_MONOTONIC: from when on the table is worth another look */
    int64_t due_ns;         /* CLOCK_MONOTONIC: when to look again */
};

void waiter_done(struct waiter *waiter);

/*
 * Looks whether the goal is met, and sets when to look again. Returns 0, or a negative errno when the sockets cannot be
 * read.
 */
must_use int waiter_look(struct waiter *waiter, struct inquiry *inquiry, struct error *error);

/*
 * The earliest time at which the process may look again without using more than its share of a core: now_ns, or later.
 * started_ns: when the waiting began; both CLOCK_MONOTONIC.
 */
int64_t waiter_budget_allows_at(int64_t started_ns, int64_t now_ns);
