/*
 * Counters of what entered TIME_WAIT, by the label in force when it was first seen: a tracked port, `ephemeral` or
 * `other`. They live as long as the process, whatever is forgotten meanwhile, and never go back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/* Stand for a port number in the two sums: no socket has port 0, nor one above 65535. */
#define ENTERED_EPHEMERAL UINT32_C(0)
#define ENTERED_OTHER UINT32_C(65536)

struct entered;

/* At most max_ports ports ever get a counter of their own. */
must_use int entered_new(size_t max_ports, struct entered **ret_entered);
void entered_free(struct entered *entered);

/* Raises that limit; a lower one changes nothing. */
void entered_allow(struct entered *entered, size_t max_ports);

/* Gives the port a counter. Returns false when there is no room, or no memory: it then counts in one of the sums. */
bool entered_label(struct entered *entered, uint16_t port);

/* Starts a round: what a round that was not ended had added is forgotten. */
void entered_begin(struct entered *entered);
/* One socket; a port without a counter of its own counts in the sum. */
void entered_add(struct entered *entered, uint16_t port, bool ephemeral);
/* The round was whole. */
void entered_end(struct entered *entered);

/* A counter: label is a port, ENTERED_EPHEMERAL or ENTERED_OTHER. */
struct entered_counter {
    uint32_t label;
    uint64_t total;
    uint64_t fresh; /* of the round that is under way, or has just ended */
};
/* Ports that have one. */
size_t entered_ports(const struct entered *entered);
/* Ports in the order in which they got theirs, then the sums; index < entered_count(). */
size_t entered_count(const struct entered *entered);
const struct entered_counter *entered_at(const struct entered *entered, size_t index);
/* The port's own; NULL when it has none. */
const struct entered_counter *entered_of(const struct entered *entered, uint16_t port);
