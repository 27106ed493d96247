/* Listeners that are there or were, each with the time that it had its port. */
#pragma once

#include "processes.h"

struct tenure {
    uint64_t cookie;
    uint32_t inode;
    uint32_t round;        /* that saw it last */
    int64_t not_before_ns; /* CLOCK_MONOTONIC: then it was not there yet */
    int64_t gone_ns;       /* then it was there no more; INT64_MAX while it is */
    uint16_t port;
    enum family family;
    uint32_t interface;
    struct address local;
    struct claim claim;
    uint16_t next; /* of the same lane, as lanes has them */
};

#define TENURES_LANES 64

/* Zero-initialised is empty. */
struct tenures {
    struct tenure *items; /* owned */
    size_t count;
    size_t capacity;
    uint16_t lanes[TENURES_LANES]; /* by port: 1 + the index of the first, 0: none */
};

void tenures_done(struct tenures *tenures);

/* The tenure of a listener, a new one when it is new: then not_before_ns is told. NULL when there is no room. */
struct tenure *tenures_see(struct tenures *tenures, const struct sock *sock, uint32_t round, int64_t not_before_ns);

/* The round was whole: those that it did not see are gone. */
void tenures_end(struct tenures *tenures, uint32_t round, int64_t now_ns);

/* Forgets those that were gone by then, and their processes. */
void tenures_forget(struct tenures *tenures, int64_t gone_by_ns, struct processes *processes);

/* A moment that is known to lie between two, CLOCK_MONOTONIC. */
struct span {
    int64_t since_ns;
    int64_t until_ns;
};

/*
 * From whom the socket comes, if that is certain but for its never having been seen open: the listeners that were at
 * its address when it was left, or else the last one before. round: the present one; the listeners of its address that
 * are there have been seen in it.
 */
void tenures_claim(const struct tenures *tenures, const struct sock *sock, uint32_t round, const struct span *left,
                   struct claim *ret_claim);
