/* Whether a verdict says nothing but what bind() says. */
#pragma once

#include "direct.h"

/* What may be asked of a verdict, by the way in which it came about. */
struct agreement_terms {
    bool complete;     /* it must know every bind */
    bool table_only;   /* it knows sockets, not rights or addresses: right as to EADDRINUSE, whatever else is amiss */
    bool hidden_bound; /* sockets that are bound only were hidden from it: it may take reusable for free */
};

/* How much was known of what there was to know. */
struct agreement_tally {
    uint64_t known;
    uint64_t cells;
    uint64_t blind; /* wrong where hidden_bound says that it must be */
};

/* Returns 0, or -EBADE with what it said and what is true. */
must_use int agreement_check(const struct verdict *verdict, const struct direct *truth,
                             const struct agreement_terms *terms, struct agreement_tally *tally, struct error *error);

/* "ok", "EADDRINUSE". */
const char *agreement_result(int result);
