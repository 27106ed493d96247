#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdbool.h>
#include <time.h>

#include "base/clock.h"

static void assert_rfc3339(int64_t realtime_ns, const char *expected)
{
    char text[CLOCK_TEXT_MAX];
    clock_rfc3339(realtime_ns, text);
    assert_string_equal(text, expected);
}

static void a_time_is_written_in_utc_to_the_second(void **state)
{
    (void)state;
    assert_rfc3339(0, "1970-01-01T00:00:00Z");
    assert_rfc3339(INT64_C(1795374252) * CLOCK_NS_PER_S, "2026-11-22T19:04:12Z");
    assert_rfc3339(INT64_C(1709164800) * CLOCK_NS_PER_S, "2024-02-29T00:00:00Z");
}

static void a_fraction_of_a_second_belongs_to_the_second_that_began(void **state)
{
    (void)state;
    assert_rfc3339(CLOCK_NS_PER_S - 1, "1970-01-01T00:00:00Z");
    assert_rfc3339(-1, "1969-12-31T23:59:59Z");
    assert_rfc3339(-CLOCK_NS_PER_S, "1969-12-31T23:59:59Z");
}

static void the_ends_of_time_fit(void **state)
{
    (void)state;
    assert_rfc3339(INT64_MAX, "2262-04-11T23:47:16Z");
    assert_rfc3339(INT64_MIN, "1677-09-21T00:12:43Z");
}

static void a_time_is_written_to_the_millisecond_that_began(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *text;
    } times[] = {
        {0, "1970-01-01T00:00:00.000Z"},         {1795374208345999999, "2026-11-22T19:03:28.345Z"},
        {-1, "1969-12-31T23:59:59.999Z"},        {-CLOCK_NS_PER_S, "1969-12-31T23:59:59.000Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854Z"}, {INT64_MIN, "1677-09-21T00:12:43.145Z"},
    };
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        char text[CLOCK_TEXT_MAX];
        clock_rfc3339_ms(times[i].ns, text);
        assert_string_equal(text, times[i].text);
    }
}

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    assert_int_equal(clock_gettime(clock, &now), 0);
    return (int64_t)now.tv_sec * CLOCK_NS_PER_S + now.tv_nsec;
}

static void both_clocks_of_a_moment_are_read_now(void **state)
{
    (void)state;
    int64_t monotonic_before = read_clock(CLOCK_MONOTONIC);
    int64_t realtime_before = read_clock(CLOCK_REALTIME);
    struct moment now = clock_now();
    int64_t monotonic_after = clock_monotonic_ns();
    int64_t realtime_after = read_clock(CLOCK_REALTIME);
    assert_true(monotonic_before <= now.monotonic_ns && now.monotonic_ns <= monotonic_after);
    assert_true(monotonic_after <= read_clock(CLOCK_MONOTONIC));
    assert_true(realtime_before <= now.realtime_ns && now.realtime_ns <= realtime_after);
}

static void work_costs_cpu_time_of_the_thread_and_of_the_process(void **state)
{
    (void)state;
    int64_t deadline_ns = clock_monotonic_ns() + 10 * CLOCK_NS_PER_S;
    int64_t process_before = clock_process_cpu_ns();
    int64_t thread_before = clock_thread_cpu_ns();
    while (clock_thread_cpu_ns() - thread_before < CLOCK_NS_PER_MS && clock_monotonic_ns() < deadline_ns)
        continue;
    int64_t thread_ns = clock_thread_cpu_ns() - thread_before;
    int64_t process_ns = clock_process_cpu_ns() - process_before;
    assert_true(thread_ns >= CLOCK_NS_PER_MS);
    assert_true(process_ns >= thread_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_written_in_utc_to_the_second),
        cmocka_unit_test(a_fraction_of_a_second_belongs_to_the_second_that_began),
        cmocka_unit_test(the_ends_of_time_fit),
        cmocka_unit_test(a_time_is_written_to_the_millisecond_that_began),
        cmocka_unit_test(both_clocks_of_a_moment_are_read_now),
        cmocka_unit_test(work_costs_cpu_time_of_the_thread_and_of_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
