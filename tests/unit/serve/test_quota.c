#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/clock.h"
#include "quota.h"

#define LINES_MAX 10000
#define START_NS (1000 * CLOCK_NS_PER_S)
#define MINUTE_NS (60 * CLOCK_NS_PER_S)

static int set_up(void **state)
{
    static struct quota quota;
    quota_init(&quota);
    *state = &quota;
    return 0;
}

static int tear_down(void **state)
{
    quota_done(*state);
    return 0;
}

/* When lines were written. */
struct lines {
    int64_t at_ns[LINES_MAX];
    size_t count;
};

static void write_line(struct lines *lines, int64_t at_ns)
{
    assert_true(lines->count < LINES_MAX);
    lines->at_ns[lines->count++] = at_ns;
}

static void expect_ten_in_any_minute(const struct lines *lines)
{
    for (size_t i = QUOTA_LINES_A_MINUTE; i < lines->count; i++)
        assert_true(lines->at_ns[i] - lines->at_ns[i - QUOTA_LINES_A_MINUTE] >= MINUTE_NS);
}

static void a_few_lines_at_once_are_allowed(void **state)
{
    for (int i = 0; i < QUOTA_LINES_A_MINUTE / 2; i++)
        assert_true(quota_take(*state, START_NS));
    assert_false(quota_take(*state, START_NS));
}

static void lines_far_apart_are_all_allowed(void **state)
{
    for (int64_t i = 0; i < 100; i++)
        assert_true(quota_take(*state, START_NS + i * MINUTE_NS / 5));
    assert_int_equal(quota_suppressed(*state, START_NS + 1000 * MINUTE_NS), 0);
}

/* A line each millisecond for ten minutes, and a look at what was left out each five seconds. */
static void a_flood_leaves_ten_lines_a_minute_and_the_number_of_the_rest(void **state)
{
    struct lines lines = {0};
    uint64_t written = 0;
    uint64_t reported = 0;
    int64_t now_ns = START_NS;
    const uint64_t flood = 600000;
    for (uint64_t i = 1; i <= flood; i++, now_ns += CLOCK_NS_PER_MS) {
        if (quota_take(*state, now_ns)) {
            write_line(&lines, now_ns);
            written++;
        }
        uint64_t suppressed = i % 5000 == 0 ? quota_suppressed(*state, now_ns) : 0;
        if (suppressed > 0)
            write_line(&lines, now_ns);
        reported += suppressed;
    }
    expect_ten_in_any_minute(&lines);
    assert_true(lines.count > 30);
    now_ns += MINUTE_NS;
    reported += quota_suppressed(*state, now_ns);
    assert_int_equal(written + reported, flood);
}

static void after_a_line_was_left_out_that_is_said_first(void **state)
{
    while (quota_take(*state, START_NS))
        ;
    assert_int_equal(quota_suppressed(*state, START_NS), 0);
    assert_false(quota_take(*state, START_NS + MINUTE_NS));
    assert_int_equal(quota_suppressed(*state, START_NS + MINUTE_NS), 2);
    assert_true(quota_take(*state, START_NS + MINUTE_NS));
    assert_int_equal(quota_suppressed(*state, START_NS + MINUTE_NS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_few_lines_at_once_are_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lines_far_apart_are_all_allowed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_flood_leaves_ten_lines_a_minute_and_the_number_of_the_rest, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(after_a_line_was_left_out_that_is_said_first, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
