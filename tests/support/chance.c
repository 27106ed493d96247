#include "chance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/parse.h"

struct chance chance_new(void)
{
    struct chance chance = {.state = (uint64_t)clock_monotonic_ns()};
    const char *seed = getenv("TIDEWAIT_TEST_SEED");
    if (seed != NULL && parse_uint(seed, UINT64_MAX, &chance.state) < 0) {
        (void)fprintf(stderr, "TIDEWAIT_TEST_SEED is no number: %s\n", seed);
        abort();
    }
    (void)printf("TIDEWAIT_TEST_SEED=%" PRIu64 "\n", chance.state);
    return chance;
}

/* A linear congruential generator modulo 2^64, of which the upper half is used (Knuth's MMIX constants). */
uint32_t chance_below(struct chance *chance, uint32_t bound)
{
    chance->state = chance->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(((chance->state >> 32) * bound) >> 32);
}

bool chance_once_in(struct chance *chance, uint32_t n)
{
    return chance_below(chance, n) == 0;
}
