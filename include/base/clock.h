/* Time: monotonic for every interval, real time only to tell people when. Nanoseconds in int64_t: 292 years. */
#pragma once

#include <stdint.h>

#define CLOCK_NS_PER_S INT64_C(1000000000)
#define CLOCK_NS_PER_MS INT64_C(1000000)

/* One instant on both clocks. */
struct moment {
    int64_t monotonic_ns; /* CLOCK_MONOTONIC */
    int64_t realtime_ns;  /* CLOCK_REALTIME, since 1970-01-01 UTC */
};

struct moment clock_now(void);
int64_t clock_monotonic_ns(void);
/* CPU time (user and system) of the whole process, and of the calling thread. */
int64_t clock_process_cpu_ns(void);
int64_t clock_thread_cpu_ns(void);

#define CLOCK_TEXT_MAX 32
/* RFC 3339 in UTC, to the second: "2026-11-22T19:04:12Z". */
void clock_rfc3339(int64_t realtime_ns, char ret_text[static CLOCK_TEXT_MAX]);
/* To the millisecond: "2026-11-22T19:04:12.345Z". */
void clock_rfc3339_ms(int64_t realtime_ns, char ret_text[static CLOCK_TEXT_MAX]);
