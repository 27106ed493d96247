/* When time alone frees an endpoint. Private to the judge. */
#pragma once

#include "places.h"

/*
 * For a bind that fails at these places because of these holders (those of the verdict): the longest time left plus
 * the timer's slack when only minisockets are in the way. With SO_REUSEADDR that is an upper bound: only those left by
 * a server without the option block, and no table tells which they are.
 */
struct frees waiting_for(const struct judge_evidence *evidence, const struct place *places, size_t place_count,
                         const struct holder *holders, size_t holder_count, bool reuseaddr);
