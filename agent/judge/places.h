/*
 * What is known of every bind that an endpoint needs: performed, inferred, or nothing. Private to the judge.
 */
#pragma once

#include "judge/judge.h"

/* One bind of one address. */
struct cell {
    bool known;
    struct bind_result result;
};

/* What the table has in the way of one address. */
struct obstacles {
    bool listener; /* certain */
    bool some;     /* certain, of any kind */
    bool direct;   /* certain, and not an IPv6 socket at an IPv4 address, which a dual-stack listener makes */
    bool perhaps;
    bool perhaps_live; /* of those: one that is no listener, which a bind with SO_REUSEADDR may pass */
};

/* One address that the endpoint's bind tries. */
struct place {
    struct address address;
    struct obstacles obstacles;
    struct cell plain;
    struct cell reuseaddr; /* never known for UDP */
};

/* Fills in the endpoint's places; of "*", a family that the kernel lacks is left out. Returns how many. */
size_t places_examine(const struct judge_evidence *evidence, struct place ret_places[static ENDPOINT_ADDRESSES_MAX]);

/* True when the bind is known to fail. */
bool places_cell_fails(const struct cell *cell);

/* True when a bind that the kernel made and the table that it showed do not fit together. */
bool places_contradict(const struct place *place);
