/*
 * What the service manager is told: sd_notify(3), sd_watchdog_enabled(3), without their library. Nobody may have asked;
 * then telling does nothing. A message that the manager does not take at once is not waited for: it is told again
 * later.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define NOTIFY_MESSAGE_MAX 1024

struct notify {
    int fd; /* connected, owned; -1: nobody asked */
    bool ready;
    int64_t sign_interval_ns;        /* of signs of life; 0: nobody waits for them */
    int64_t sign_due_ns;             /* CLOCK_MONOTONIC */
    char status[NOTIFY_MESSAGE_MAX]; /* the last message of this kind */
};

#define NOTIFY_NOBODY ((struct notify){.fd = -1})

/*
 * Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, and connects: before any thread starts,
 * and before the sandbox, which allows no connect(). Returns 0; a negative errno with the reason why the manager cannot
 * be told: ret_notify is NOTIFY_NOBODY then.
 */
must_use int notify_open(struct notify *ret_notify, struct error *error);
void notify_done(struct notify *notify);

/* The agent serves what it was told to serve. To be called after each round: it is said once, and once a reread. */
void notify_ready(struct notify *notify);
/* Its settings are being read again; notify_ready() ends it. */
void notify_reloading(struct notify *notify);
void notify_stopping(struct notify *notify);

/* How it is, in one line, for `systemctl status`; said when it changes. Any bytes: bad UTF-8 and line ends are
 * replaced. */
void notify_status(struct notify *notify, const char *text);

/*
 * A sign of life, when one is due: twice in the time after which the manager would restart the agent. To be called
 * again after the milliseconds that it returns, at the latest; INT_MAX when nobody waits for it.
 */
must_use int notify_alive(struct notify *notify);
