/*
 * When the next password may be hashed, after wrong ones. Hashing is meant to be dear, and happens on the thread that
 * serves everybody: whoever guesses must not be able to keep it busy. Pure; time is an argument.
 *
 * After a wrong password nobody's is hashed for four times as long as that took, which leaves most of the thread to
 * those who need no hash, however many addresses guess; and none from the same address for two seconds, which leaves
 * nearly all of that to the others.
 */
#pragma once

#include <stdbool.h>

#include "model/endpoint.h"

#define ATTEMPTS_ADDRESSES_MAX 64
#define ATTEMPTS_ADDRESS_QUIET_SECONDS 2

struct attempt {
    struct address address; /* of IPv6 the first 64 bits: the rest is the client's to choose */
    int64_t quiet_until_ns;
};

/* Zero-initialised: none yet. Times are CLOCK_MONOTONIC. */
struct attempts {
    int64_t quiet_until_ns;
    struct attempt latest[ATTEMPTS_ADDRESSES_MAX]; /* with one more, the oldest is forgotten */
};

bool attempts_allowed(const struct attempts *attempts, const struct address *client, int64_t now_ns);
/* A hash that took cost_ns until now_ns has shown that the password was wrong. */
void attempts_failed(struct attempts *attempts, const struct address *client, int64_t now_ns, int64_t cost_ns);
