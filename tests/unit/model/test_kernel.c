#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "model/kernel.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define NS_PER_S INT64_C(1000000000)

static void a_set_has_the_ports_that_were_added_and_no_others(void **state)
{
    (void)state;
    static const uint16_t added[] = {0, 1, 63, 64, 8080, 65535};
    struct port_set set = {0};
    for (size_t i = 0; i < COUNT_OF(added); i++)
        port_set_add(&set, added[i]);
    size_t found = 0;
    for (uint32_t port = 0; port <= UINT16_MAX; port++)
        found += port_set_has(&set, (uint16_t)port);
    assert_int_equal(found, COUNT_OF(added));
    for (size_t i = 0; i < COUNT_OF(added); i++)
        assert_true(port_set_has(&set, added[i]));
}

static void both_ends_of_the_range_are_in_it(void **state)
{
    (void)state;
    struct kernel_settings settings = {.local_port_low = 32768, .local_port_high = 60999};
    assert_false(kernel_port_in_range(&settings, 32767));
    assert_true(kernel_port_in_range(&settings, 32768));
    assert_true(kernel_port_in_range(&settings, 60999));
    assert_false(kernel_port_in_range(&settings, 61000));
}

static void no_port_is_in_a_range_that_is_not_known(void **state)
{
    (void)state;
    struct kernel_settings low = {.local_port_low = KERNEL_UNKNOWN, .local_port_high = 65535};
    struct kernel_settings high = {.local_port_low = 1, .local_port_high = KERNEL_UNKNOWN};
    assert_false(kernel_port_in_range(&low, 40000));
    assert_false(kernel_port_in_range(&high, 40000));
    assert_false(kernel_port_is_ephemeral(&low, 40000));
}

static void a_reserved_port_is_in_the_range_and_not_ephemeral(void **state)
{
    (void)state;
    struct kernel_settings settings = {.local_port_low = 32768, .local_port_high = 60999, .reserved_known = true};
    port_set_add(&settings.reserved, 40000);
    assert_true(kernel_port_in_range(&settings, 40000));
    assert_false(kernel_port_is_ephemeral(&settings, 40000));
    assert_true(kernel_port_is_ephemeral(&settings, 40001));
    assert_false(kernel_port_is_ephemeral(&settings, 8080));
}

static void reserved_ports_are_counted_within_the_range_if_both_are_known(void **state)
{
    (void)state;
    struct kernel_settings settings = {.local_port_low = 32768, .local_port_high = 60999, .reserved_known = true};
    assert_int_equal(kernel_reserved_count(&settings), 0);
    port_set_add(&settings.reserved, 8080);
    port_set_add(&settings.reserved, 32768);
    port_set_add(&settings.reserved, 60999);
    port_set_add(&settings.reserved, 61000);
    assert_int_equal(kernel_reserved_count(&settings), 2);
    settings.local_port_high = KERNEL_UNKNOWN;
    assert_int_equal(kernel_reserved_count(&settings), KERNEL_UNKNOWN);
    settings.local_port_high = 60999;
    settings.reserved_known = false;
    assert_int_equal(kernel_reserved_count(&settings), KERNEL_UNKNOWN);
}

static void a_release_is_compared_by_its_two_numbers(void **state)
{
    (void)state;
    struct kernel_settings settings = {.release_major = 6, .release_minor = 8};
    assert_true(kernel_is_at_least(&settings, 6, 8));
    assert_true(kernel_is_at_least(&settings, 5, 19));
    assert_false(kernel_is_at_least(&settings, 6, 9));
    assert_false(kernel_is_at_least(&settings, 7, 0));
    struct kernel_settings unknown = {.release_major = KERNEL_UNKNOWN, .release_minor = KERNEL_UNKNOWN};
    assert_false(kernel_is_at_least(&unknown, 2, 6));
}

/*
 * The timer wheel as the kernel's own table gives it (kernel/time/timer.c): level, first delta of the level in ticks,
 * granularity in ticks.
 */
static int64_t granularity_ticks(int64_t delta_ticks)
{
    static const struct {
        int64_t first;
        int64_t granularity;
    } levels[] = {{0, 1}, {63, 8}, {504, 64}, {4032, 512}, {32256, 4096}, {258048, 32768}, {2064384, 262144}};
    size_t level = COUNT_OF(levels) - 1;
    while (delta_ticks < levels[level].first)
        level--;
    return levels[level].granularity;
}

static int64_t slack_ms(int64_t hz, int64_t armed_ms)
{
    struct kernel_settings settings = {.tick_ns = NS_PER_S / hz};
    return kernel_timer_slack_ms(&settings, armed_ms);
}

static void a_time_wait_lingers_for_one_step_of_its_timer(void **state)
{
    (void)state;
    assert_int_equal(slack_ms(100, 60000), 5130);
    assert_int_equal(slack_ms(250, 60000), 2052);
    assert_int_equal(slack_ms(300, 60000), 1710);
    assert_int_equal(slack_ms(1000, 60000), 4097);
}

static void the_slack_is_a_step_of_the_wheel_and_a_tick_at_every_hz(void **state)
{
    (void)state;
    static const int64_t rates[] = {100, 128, 250, 300, 1000, 1024};
    for (size_t i = 0; i < COUNT_OF(rates); i++) {
        for (int64_t armed_ms = 50; armed_ms <= 250000; armed_ms += 50) {
            int64_t ticks = armed_ms * rates[i] / 1000;
            if (armed_ms * rates[i] % 1000 != 0)
                continue;
            int64_t expected_us = (granularity_ticks(ticks) + 1) * 1000000 / rates[i];
            int64_t slack_us = slack_ms(rates[i], armed_ms) * 1000;
            assert_in_range(slack_us + 1, expected_us, expected_us + 1001);
        }
    }
}

static void an_unknown_tick_is_late_rather_than_wrong(void **state)
{
    (void)state;
    static const int64_t rates[] = {100, 250, 300, 1000};
    struct kernel_settings settings = {.tick_ns = KERNEL_UNKNOWN};
    for (size_t i = 0; i < COUNT_OF(rates); i++)
        for (int64_t armed_ms = 0; armed_ms <= 130000; armed_ms += 7)
            assert_true(kernel_timer_slack_ms(&settings, armed_ms) >= slack_ms(rates[i], armed_ms));
    assert_in_range(kernel_timer_slack_ms(&settings, 60000), 5130, 8000);
}

static void the_range_by_words_is_the_range_by_ports(void **state)
{
    (void)state;
    static const int64_t ranges[][2] = {{32768, 60999}, {1, 65535}, {40000, 40000}, {64, 127}, {63, 64}};
    for (size_t r = 0; r < sizeof(ranges) / sizeof(ranges[0]); r++) {
        struct kernel_settings settings = {.local_port_low = ranges[r][0], .local_port_high = ranges[r][1]};
        for (uint32_t port = 0; port <= UINT16_MAX; port++)
            assert_int_equal(kernel_range_word(&settings, port / 64) >> (port % 64) & 1,
                             kernel_port_in_range(&settings, (uint16_t)port));
    }
    struct kernel_settings unknown = {.local_port_low = KERNEL_UNKNOWN, .local_port_high = KERNEL_UNKNOWN};
    assert_int_equal(kernel_range_word(&unknown, 512), 0);
}

static void a_copy_of_a_set_or_of_settings_is_equal(void **state)
{
    (void)state;
    struct kernel_settings from = {.local_port_low = 1, .somaxconn = 7};
    struct kernel_settings to = {.local_port_low = 9};
    port_set_add(&from.reserved, 80);
    port_set_add(&to.reserved, 443);
    kernel_settings_copy(&to, &from);
    assert_memory_equal(&to, &from, sizeof(to));
    port_set_clear(&to.reserved);
    assert_false(port_set_has(&to.reserved, 80));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_range_by_words_is_the_range_by_ports),
        cmocka_unit_test(a_copy_of_a_set_or_of_settings_is_equal),
        cmocka_unit_test(a_set_has_the_ports_that_were_added_and_no_others),
        cmocka_unit_test(both_ends_of_the_range_are_in_it),
        cmocka_unit_test(no_port_is_in_a_range_that_is_not_known),
        cmocka_unit_test(a_reserved_port_is_in_the_range_and_not_ephemeral),
        cmocka_unit_test(reserved_ports_are_counted_within_the_range_if_both_are_known),
        cmocka_unit_test(a_release_is_compared_by_its_two_numbers),
        cmocka_unit_test(a_time_wait_lingers_for_one_step_of_its_timer),
        cmocka_unit_test(the_slack_is_a_step_of_the_wheel_and_a_tick_at_every_hz),
        cmocka_unit_test(an_unknown_tick_is_late_rather_than_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
