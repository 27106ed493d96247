/* The table of ports that a census tracks: found by number, listed in order, the least useful dropped first. */
#pragma once

#include "model/census.h"
#include "portindex.h"

struct tracked {
    struct census_port **ports; /* owned; by protocol, then port, after tracked_sort() */
    size_t count;
    size_t capacity;
    struct portindex slots[PROTOCOL_COUNT]; /* index into ports, plus one; 0: not tracked */
};

void tracked_done(struct tracked *tracked);

struct census_port *tracked_find(const struct tracked *tracked, enum protocol protocol, uint16_t port);
/* Of a port that is not in the table; seen_ns: 0 when no socket was seen on it. Returns 0 or -ENOMEM. */
must_use int tracked_add(struct tracked *tracked, enum protocol protocol, uint16_t port, int64_t seen_ns,
                         struct census_port **ret_port);

/*
 * Adds all that are missing, or none of them: -ENOMEM. What is in the table already is left as it is; a port may be
 * named twice.
 */
must_use int tracked_add_all(struct tracked *tracked, const struct census_watch *ports, size_t count);

/* None of these drops what is watched. */
/* Drops the longest silent ones until no more than max are left. */
void tracked_trim(struct tracked *tracked, size_t max);
/* Drops the longest silent one of those last seen before then; false: there is none. */
bool tracked_drop_silent(struct tracked *tracked, int64_t before_ns);
/* Drops all last seen then, or before. */
void tracked_forget(struct tracked *tracked, int64_t seen_ns);

void tracked_sort(struct tracked *tracked);
