/*
 * Which sockets have entered TIME_WAIT since the last round: each is told once in its life. A socket's cookie is its
 * identity, before and after it enters; new are those of this round that no former round had.
 */
#pragma once

#include "model/sock.h"

struct ledger;

/*
 * limit_bytes bounds each of its sets; beyond it, and from a round with derived cookies to one with others, the time of
 * entry stands in for identity (ledger_is_exact()).
 */
must_use int ledger_new(size_t limit_bytes, struct ledger **ret_ledger);
void ledger_free(struct ledger *ledger);
static inline void ledger_freep(struct ledger **ledger)
{
    ledger_free(*ledger);
}

/* Starts a round; what a round that was not ended had told is forgotten. now_ns: CLOCK_MONOTONIC. */
void ledger_begin(struct ledger *ledger, int64_t now_ns);

/* A minisocket of this round. Returns 1 when it entered TIME_WAIT since the last round, 0 when not, or -ENOMEM. */
must_use int ledger_see(struct ledger *ledger, const struct sock *sock);

/* How long ago the socket entered TIME_WAIT, or was armed anew: it lives for 60 s, or the longest time seen so far. */
int64_t ledger_age_ms(const struct ledger *ledger, const struct sock *sock);

/* The round was whole: what it saw is known from now on. In the first one nothing is new. */
void ledger_end(struct ledger *ledger);

/*
 * False when the last round, or one that it was held against, had more cookies, or more scattered ones, than fit, or
 * derived ones: then a socket that takes the place of another with the same addresses and ports is taken for that one.
 */
bool ledger_is_exact(const struct ledger *ledger);

/* Minisockets (TIME_WAIT, and orphaned FIN_WAIT2) seen for the first time, in all rounds that ended but the first. */
uint64_t ledger_minisockets(const struct ledger *ledger);
