/*
 * Notices within some hundredths of a second that an endpoint has become free, or listening, on less than one
 * hundredth of a core: cheap test-binds often, and a walk of the socket table when they say that it is free.
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
    int64_t stale_ns;       /* CLOCK_MONOTONIC: from when on the verdict is worth renewing */
    int64_t due_ns;         /* CLOCK_MONOTONIC: when to look again */
};

void waiter_done(struct waiter *waiter);

/*
 * Looks whether the goal is met, and sets when to look again. Returns 0, or a negative errno when the sockets cannot be
 * read.
 */
must_use int waiter_look(struct waiter *waiter, struct inquiry *inquiry, struct error *error);

/*
 * For who shows the verdict meanwhile: renews it, when it is old enough to be worth another walk of the table. Returns
 * 0, or a negative errno as above.
 */
must_use int waiter_refresh(struct waiter *waiter, struct inquiry *inquiry, struct error *error);

/* Of the CPU time that the process may use from a moment on; the looks before are free, however dear. */
struct waiter_budget {
    int64_t from_ns;  /* CLOCK_MONOTONIC */
    int64_t spent_ns; /* CPU time of the process until then */
};

void waiter_budget_begin(struct waiter_budget *budget);
/* When the process may look again without using more than its share of a core, CLOCK_MONOTONIC: now_ns, or later. */
int64_t waiter_budget_allows_at(const struct waiter_budget *budget, int64_t now_ns);
