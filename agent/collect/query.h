/* What the sources of sockets share of a query. Private to collect. */
#pragma once

#include "base/clock.h"
#include "collect/sockets.h"

/* read_after_ms of the sockets that the kernel has told of by now. */
static inline uint32_t query_age_ms(const struct sockets_query *query)
{
    return query->as_of_ns == 0 ? 0 : (uint32_t)((clock_monotonic_ns() - query->as_of_ns) / CLOCK_NS_PER_MS);
}
