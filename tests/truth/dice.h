/* Chance that can be repeated: what a seed has brought about, it brings about again. */
#pragma once

#include "tenant.h"

struct dice {
    uint64_t state;
};

struct dice dice_new(uint64_t seed);
/* 0 … sides − 1. */
uint32_t dice_roll(struct dice *dice, uint32_t sides);
/* True in so many of a hundred. */
bool dice_chance(struct dice *dice, uint32_t percent);

/* Anybody who can be on a port at all. Whether those who are there already let him in is for the kernel to say. */
struct tenant dice_tenant(struct dice *dice);
/* An address to ask about: numeric, or "*". */
const char *dice_address(struct dice *dice);
