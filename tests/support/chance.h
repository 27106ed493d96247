/* Random numbers for property tests. The seed is printed; TIDEWAIT_TEST_SEED repeats a run. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct chance {
    uint64_t state;
};

/* Prints the seed. */
struct chance chance_new(void);
/* 0 … bound - 1, all as likely. */
uint32_t chance_below(struct chance *chance, uint32_t bound);
/* True once in n times. */
bool chance_once_in(struct chance *chance, uint32_t n);
