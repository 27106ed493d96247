/* When time alone frees an endpoint. Private to the judge. */
#pragma once

#include "places.h"

/*
 * For a bind that fails at some of these places: the longest time left plus the timer's slack when only minisockets are
 * in the way. With SO_REUSEADDR that is an upper bound: only those left by a server without the option block, and no
 * table tells which they are. Not known where a socket that is only perhaps in the way would change the answer.
 */
struct frees waiting_for(const struct judge_evidence *evidence, const struct place *places, size_t place_count,
                         bool reuseaddr);
