#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "collect/bindprobe.h"

static const struct address wildcard = {.family = FAMILY_IPV4};
static const struct address loopback = {.family = FAMILY_IPV4, .bytes = {127, 0, 0, 1}};
static const struct address ipv6_wildcard = {.family = FAMILY_IPV6};

static struct kernel_settings settings_of(int64_t major, int64_t minor)
{
    return (struct kernel_settings){
        .release_major = major, .release_minor = minor, .local_port_low = 32768, .local_port_high = 60999};
}

static void a_wildcard_is_harmless_everywhere(void **state)
{
    (void)state;
    const struct kernel_settings old = settings_of(5, 10);
    assert_true(bindprobe_is_harmless(&old, &wildcard, 40000));
    assert_true(bindprobe_is_harmless(&old, &ipv6_wildcard, 40000));
}

static void one_address_in_the_range_does_harm_before_6_18(void **state)
{
    (void)state;
    const struct kernel_settings old = settings_of(6, 17);
    const struct kernel_settings new = settings_of(6, 18);
    assert_false(bindprobe_is_harmless(&old, &loopback, 32768));
    assert_false(bindprobe_is_harmless(&old, &loopback, 60999));
    assert_true(bindprobe_is_harmless(&old, &loopback, 32767));
    assert_true(bindprobe_is_harmless(&old, &loopback, 61000));
    assert_true(bindprobe_is_harmless(&new, &loopback, 40000));
}

static void what_is_not_known_counts_as_harm(void **state)
{
    (void)state;
    const struct kernel_settings release_unknown = settings_of(KERNEL_UNKNOWN, KERNEL_UNKNOWN);
    struct kernel_settings range_unknown = settings_of(6, 1);
    range_unknown.local_port_low = KERNEL_UNKNOWN;
    range_unknown.local_port_high = KERNEL_UNKNOWN;
    assert_false(bindprobe_is_harmless(&release_unknown, &loopback, 40000));
    assert_false(bindprobe_is_harmless(&range_unknown, &loopback, 80));
}

static void udp_with_reuseaddr_is_never_tried(void **state)
{
    (void)state;
    struct bind_result result = {.error = 77};
    assert_int_equal(bindprobe_try(PROTOCOL_UDP, &loopback, 8080, true, &result), -EINVAL);
    assert_int_equal(result.error, 77);
}

static void the_outcome_of_a_bind_is_data(void **state)
{
    (void)state;
    /* TEST-NET-1 (RFC 5737): no machine has it. */
    const struct address elsewhere = {.family = FAMILY_IPV4, .bytes = {192, 0, 2, 1}};
    struct bind_result result = {0};
    assert_int_equal(bindprobe_try(PROTOCOL_TCP, &elsewhere, 8080, true, &result), 0);
    assert_int_equal(result.error, EADDRNOTAVAIL);
    assert_true(result.reuseaddr);
    assert_true(result.performed);
    assert_true(address_equal(&result.address, &elsewhere));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wildcard_is_harmless_everywhere),
        cmocka_unit_test(one_address_in_the_range_does_harm_before_6_18),
        cmocka_unit_test(what_is_not_known_counts_as_harm),
        cmocka_unit_test(udp_with_reuseaddr_is_never_tried),
        cmocka_unit_test(the_outcome_of_a_bind_is_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
