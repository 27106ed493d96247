#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "base/clock.h"
#include "base/parse.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define MS INT64_C(1000000)
#define S (1000 * MS)
#define H (3600 * S)

static void a_number_is_read_up_to_its_maximum(void **state)
{
    (void)state;
    uint64_t value = 1;
    assert_int_equal(parse_uint("0", 0, &value), 0);
    assert_true(value == 0);
    assert_int_equal(parse_uint("65535", 65535, &value), 0);
    assert_true(value == 65535);
    assert_int_equal(parse_uint("18446744073709551615", UINT64_MAX, &value), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(parse_uint("007", 10, &value), 0);
    assert_true(value == 7);
}

static void a_number_above_its_maximum_is_out_of_range(void **state)
{
    (void)state;
    uint64_t value = 77;
    assert_int_equal(parse_uint("65536", 65535, &value), -ERANGE);
    assert_int_equal(parse_uint("7", 6, &value), -ERANGE);
    assert_int_equal(parse_uint("18446744073709551616", UINT64_MAX, &value), -ERANGE);
    assert_int_equal(parse_uint("99999999999999999999999", UINT64_MAX, &value), -ERANGE);
    assert_true(value == 77);
}

static void a_number_is_digits_and_nothing_else(void **state)
{
    (void)state;
    const char *const bad[] = {"",   " ",    "1 ",  " 1",  "+1", "-1",
                               "-0", "0x10", "1.0", "1e3", "1a", "99999999999999999999999x"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        uint64_t value = 77;
        assert_int_equal(parse_uint(bad[i], UINT64_MAX, &value), -EINVAL);
        assert_true(value == 77);
    }
}

static void a_duration_is_the_sum_of_its_parts(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t ns;
    } good[] = {
        {"0", 0},
        {"0s", 0},
        {"1ms", MS},
        {"500ms", 500 * MS},
        {"5s", 5 * S},
        {"2m", 120 * S},
        {"1h", H},
        {"1d", 24 * H},
        {"1w", 7 * 24 * H},
        {"1y", 365 * 24 * H},
        {"1h30m", H + 1800 * S},
        {"1m1ms", 60 * S + MS},
        {"90m", 5400 * S},
        {"1y2w3d4h5m6s7ms", (365 + 14 + 3) * 24 * H + 4 * H + 306 * S + 7 * MS},
        {"292y", 292 * 365 * 24 * H},
        {"9223372036854ms", INT64_C(9223372036854) * MS},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        int64_t ns = -1;
        assert_int_equal(parse_duration(good[i].text, &ns), 0);
        assert_true(ns == good[i].ns);
    }
}

static void a_duration_of_another_form_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",    " ",     "5",     "00",    "s",    "ms",  "-5s",
        "+5s", "1.5s",  "5 s",   " 5s",   "5s ",  "5S",  "5sec",
        "5us", "30m1h", "1s1s",  "1ms1s", "1h30", "1sm", "1mss",
        "0h5", "inf",   "1h 5m", "5m5m",  "1µs",  "1hm", "10000000000000000000000x",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t ns = 77;
        assert_int_equal(parse_duration(bad[i], &ns), -EINVAL);
        assert_true(ns == 77);
    }
}

static void a_duration_that_no_clock_can_hold_is_out_of_range(void **state)
{
    (void)state;
    const char *const bad[] = {"293y", "9223372036855ms", "292y365d", "99999999999999999999y", "9223372036854775808s"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t ns = 77;
        assert_int_equal(parse_duration(bad[i], &ns), -ERANGE);
        assert_true(ns == 77);
    }
}

static void a_percentage_is_read_as_a_share_of_one(void **state)
{
    (void)state;
    const struct {
        const char *text;
        double share;
    } good[] = {
        {"1%", 0.01}, {"0.5%", 0.005}, {"100%", 1}, {"100.0%", 1}, {"12.25%", 0.1225}, {"0.1%", 0.001}, {"05%", 0.05},
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        double share = -1;
        assert_int_equal(parse_percent(good[i].text, &share), 0);
        assert_true(share == good[i].share);
    }
}

static void a_percentage_of_another_form_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"",    "%",   "1",    "1 %",  " 1%",  "1%%",  "-1%",  "+1%",
                               ".5%", "1.%", "1,5%", "1e1%", "nan%", "inf%", "0x1%", "1.2.3%"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        double share = 77;
        assert_int_equal(parse_percent(bad[i], &share), -EINVAL);
        assert_true(share == 77);
    }
}

static void a_percentage_of_nothing_or_of_more_than_all_is_out_of_range(void **state)
{
    (void)state;
    char endless[512];
    memset(endless, '9', sizeof(endless));
    endless[400] = '.';
    memcpy(endless + sizeof(endless) - 2, "%", 2);
    const char *const bad[] = {"0%", "0.0%", "100.1%", "101%", endless};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        double share = 77;
        assert_int_equal(parse_percent(bad[i], &share), -ERANGE);
        assert_true(share == 77);
    }
}

static void a_boolean_is_true_or_false_and_no_other_word(void **state)
{
    (void)state;
    bool value = false;
    assert_int_equal(parse_bool("true", &value), 0);
    assert_true(value);
    const char *const bad[] = {"", "1", "0", "yes", "True", "FALSE", "true ", "falsey"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(parse_bool(bad[i], &value), -EINVAL);
        assert_true(value);
    }
    assert_int_equal(parse_bool("false", &value), 0);
    assert_false(value);
}

static void a_time_is_read_as_it_is_written(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 1795374208345000000, 951782400000000000, 9223372036854000000};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        char text[CLOCK_TEXT_MAX];
        int64_t ns = -1;
        clock_rfc3339_ms(times[i], text);
        assert_int_equal(parse_time(text, &ns), 0);
        assert_int_equal(ns, times[i]);
        clock_rfc3339(times[i], text);
        assert_int_equal(parse_time(text, &ns), 0);
        assert_int_equal(ns, times[i] - times[i] % CLOCK_NS_PER_S);
    }
}

static void a_time_of_another_form_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"",
                               "2026-11-22",
                               "2026-11-22T19:03:28",
                               "2026-11-22 19:03:28Z",
                               " 2026-11-22T19:03:28Z",
                               "2026-11-22T19:03:28+01:00",
                               "2026-11-22T19:03:28.3Z",
                               "2026-11-22T19:03:28.345",
                               "2026-11-22T19:03:28.345Zz",
                               "26-11-22T19:03:28Z"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t ns = 77;
        assert_int_equal(parse_time(bad[i], &ns), -EINVAL);
        assert_int_equal(ns, 77);
    }
}

static void a_time_that_no_calendar_or_clock_has_is_out_of_range(void **state)
{
    (void)state;
    const char *const bad[] = {"2026-13-22T19:03:28Z", "2026-11-22T25:03:28Z", "9999-11-22T19:03:28Z",
                               "2262-04-11T23:47:16.855Z"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t ns = 77;
        assert_int_equal(parse_time(bad[i], &ns), -ERANGE);
        assert_int_equal(ns, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_is_read_up_to_its_maximum),
        cmocka_unit_test(a_number_above_its_maximum_is_out_of_range),
        cmocka_unit_test(a_number_is_digits_and_nothing_else),
        cmocka_unit_test(a_duration_is_the_sum_of_its_parts),
        cmocka_unit_test(a_duration_of_another_form_is_refused),
        cmocka_unit_test(a_duration_that_no_clock_can_hold_is_out_of_range),
        cmocka_unit_test(a_percentage_is_read_as_a_share_of_one),
        cmocka_unit_test(a_percentage_of_another_form_is_refused),
        cmocka_unit_test(a_percentage_of_nothing_or_of_more_than_all_is_out_of_range),
        cmocka_unit_test(a_boolean_is_true_or_false_and_no_other_word),
        cmocka_unit_test(a_time_is_read_as_it_is_written),
        cmocka_unit_test(a_time_of_another_form_is_refused),
        cmocka_unit_test(a_time_that_no_calendar_or_clock_has_is_out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
