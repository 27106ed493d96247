#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t clock)
{
    /* The clocks named in this file exist on every Linux; should a sandbox refuse one, it stands still. */
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

struct moment clock_now(void)
{
    return (struct moment){
        .monotonic_ns = read_clock(CLOCK_MONOTONIC),
        .realtime_ns = read_clock(CLOCK_REALTIME),
    };
}

int64_t clock_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_process_cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t clock_thread_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void clock_rfc3339(int64_t realtime_ns, char ret_text[static CLOCK_TEXT_MAX])
{
    time_t seconds = realtime_ns / CLOCK_NS_PER_S;
    if (realtime_ns % CLOCK_NS_PER_S < 0)
        seconds--; /* C divides towards zero, a clock counts from below */
    struct tm utc;
    (void)gmtime_r(&seconds, &utc);
    (void)strftime(ret_text, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void clock_rfc3339_ms(int64_t realtime_ns, char ret_text[static CLOCK_TEXT_MAX])
{
    clock_rfc3339(realtime_ns, ret_text);
    int64_t fraction_ns = realtime_ns % CLOCK_NS_PER_S;
    int milliseconds = (int)((fraction_ns < 0 ? fraction_ns + CLOCK_NS_PER_S : fraction_ns) / CLOCK_NS_PER_MS);
    size_t length = strlen(ret_text) - 1; /* in the place of the Z */
    (void)snprintf(ret_text + length, CLOCK_TEXT_MAX - length, ".%03dZ", milliseconds);
}
