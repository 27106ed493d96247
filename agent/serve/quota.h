/*
 * How much may be logged of what others cause: at most ten lines in any minute. Once a line was not allowed, the next
 * one that is says how many were not. Thread-safe. Times are CLOCK_MONOTONIC.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define QUOTA_LINES_A_MINUTE 10

struct quota {
    pthread_mutex_t lock;
    int64_t paid_until_ns; /* each line costs its share of a minute, and may be paid for a little later */
    uint64_t suppressed;
};

void quota_init(struct quota *quota);
void quota_done(struct quota *quota);

/* Whether a line may be written now. */
bool quota_take(struct quota *quota, int64_t now_ns);

/* How many lines were not allowed, when there are any and the line that says so may be written now; else 0. */
uint64_t quota_suppressed(struct quota *quota, int64_t now_ns);
