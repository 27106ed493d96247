#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "kernel_text.h"

static void a_setting_is_one_number_and_a_newline(void **state)
{
    (void)state;
    int64_t value = -5;
    assert_int_equal(kernel_text_integer("60\n", &value), 0);
    assert_int_equal(value, 60);
    assert_int_equal(kernel_text_integer("0", &value), 0);
    assert_int_equal(value, 0);
    assert_int_equal(kernel_text_integer("9223372036854775807\n", &value), 0);
    assert_true(value == INT64_MAX);
}

static void a_setting_that_is_anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "\n", "-1\n", " 1\n", "1 \n", "1\n\n", "1 2\n", "0x10\n", "1.5\n", "on\n"};
    int64_t value = -5;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_equal(kernel_text_integer(texts[i], &value), -EINVAL);
    assert_int_equal(kernel_text_integer("9223372036854775808\n", &value), -ERANGE);
    assert_int_equal(kernel_text_integer("99999999999999999999999999\n", &value), -ERANGE);
    assert_int_equal(value, -5);
}

static void a_port_range_has_both_ends(void **state)
{
    (void)state;
    int64_t low = 0;
    int64_t high = 0;
    assert_int_equal(kernel_text_range("32768\t60999\n", &low, &high), 0);
    assert_int_equal(low, 32768);
    assert_int_equal(high, 60999);
    assert_int_equal(kernel_text_range("50000\t50000\n", &low, &high), 0);
    assert_int_equal(low, 50000);
    assert_int_equal(high, 50000);
}

static void a_malformed_port_range_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",        "32768",          "32768\t",   "32768\t\n",    "32768 60999\n",
                                        "\t60999", "60999\t32768\n", "1\t2\t3\n", "32768\t60999x"};
    int64_t low = -5;
    int64_t high = -5;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_equal(kernel_text_range(texts[i], &low, &high), -EINVAL);
    assert_int_equal(kernel_text_range("32768\t65536\n", &low, &high), -ERANGE);
    assert_int_equal(low, -5);
    assert_int_equal(high, -5);
}

static size_t ports_in(const struct port_set *ports)
{
    size_t count = 0;
    for (uint32_t port = 0; port <= UINT16_MAX; port++)
        count += port_set_has(ports, (uint16_t)port);
    return count;
}

static void reserved_ports_are_single_ones_and_ranges(void **state)
{
    (void)state;
    struct port_set ports;
    assert_int_equal(kernel_text_ports("1-3,80,65535\n", &ports), 0);
    assert_int_equal(ports_in(&ports), 5);
    assert_true(port_set_has(&ports, 1));
    assert_true(port_set_has(&ports, 2));
    assert_true(port_set_has(&ports, 3));
    assert_true(port_set_has(&ports, 80));
    assert_true(port_set_has(&ports, 65535));
    assert_int_equal(kernel_text_ports("0-65535\n", &ports), 0);
    assert_int_equal(ports_in(&ports), 65536);
}

static void no_reserved_port_is_an_empty_line(void **state)
{
    (void)state;
    struct port_set ports;
    assert_int_equal(kernel_text_ports("\n", &ports), 0);
    assert_int_equal(ports_in(&ports), 0);
    assert_int_equal(kernel_text_ports("", &ports), 0);
    assert_int_equal(ports_in(&ports), 0);
}

static void a_malformed_list_of_ports_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {",",   "1,",    "1,\n", ",1",   "1-", "-3",
                                        "3-1", "1-2-3", "1 2",  "1,,2", "a",  "1\n2"};
    struct port_set ports;
    struct port_set untouched;
    memset(&ports, 0x5a, sizeof(ports));
    memset(&untouched, 0x5a, sizeof(untouched));
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_equal(kernel_text_ports(texts[i], &ports), -EINVAL);
    assert_int_equal(kernel_text_ports("65536\n", &ports), -ERANGE);
    assert_int_equal(kernel_text_ports("1-65536\n", &ports), -ERANGE);
    assert_memory_equal(&ports, &untouched, sizeof(ports));
}

static void a_release_begins_with_two_numbers(void **state)
{
    (void)state;
    static const char *const texts[] = {"6.18", "6.18.44", "6.18-rc1", "6.18.44-fc+deb12u1-amd64"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        int64_t major = 0;
        int64_t minor = 0;
        assert_int_equal(kernel_text_release(texts[i], &major, &minor), 0);
        assert_int_equal(major, 6);
        assert_int_equal(minor, 18);
    }
}

static void a_release_without_two_numbers_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "6", "6.", ".18", "linux-6.18", "6-18"};
    int64_t major = -5;
    int64_t minor = -5;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_equal(kernel_text_release(texts[i], &major, &minor), -EINVAL);
    assert_int_equal(major, -5);
    assert_int_equal(minor, -5);
}

static const char netstat[] = "TcpExt: SyncookiesSent TW TWRecycled ListenOverflows\n"
                              "TcpExt: 0 5001 7 18446744073709551615\n"
                              "IpExt: InNoRoutes TW InOctets\n"
                              "IpExt: 3 4 9223372036854775807\n";

static void a_counter_is_found_by_its_name(void **state)
{
    (void)state;
    int64_t value = 0;
    assert_int_equal(kernel_text_counter(netstat, "TcpExt", "TW", &value), 0);
    assert_int_equal(value, 5001);
    assert_int_equal(kernel_text_counter(netstat, "TcpExt", "SyncookiesSent", &value), 0);
    assert_int_equal(value, 0);
    assert_int_equal(kernel_text_counter(netstat, "IpExt", "TW", &value), 0);
    assert_int_equal(value, 4);
    assert_int_equal(kernel_text_counter(netstat, "IpExt", "InOctets", &value), 0);
    assert_true(value == INT64_MAX);
}

static void a_counter_that_the_kernel_lacks_is_not_found(void **state)
{
    (void)state;
    static const char *const names[] = {"T", "TWRecycle", "TWRecycledX", "InOctets", ""};
    int64_t value = -5;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        assert_int_equal(kernel_text_counter(netstat, "TcpExt", names[i], &value), -ENOENT);
    assert_int_equal(kernel_text_counter(netstat, "Tcp", "TW", &value), -ENOENT);
    assert_int_equal(kernel_text_counter("", "TcpExt", "TW", &value), -ENOENT);
    assert_int_equal(value, -5);
}

static void malformed_counters_are_refused(void **state)
{
    (void)state;
    int64_t value = -5;
    assert_int_equal(kernel_text_counter(netstat, "TcpExt", "ListenOverflows", &value), -ERANGE);
    assert_int_equal(kernel_text_counter("TcpExt: A TW\n", "TcpExt", "TW", &value), -ENOENT);
    assert_int_equal(kernel_text_counter("TcpExt: A TW\nTcpExt: 1\n", "TcpExt", "TW", &value), -ENOENT);
    assert_int_equal(kernel_text_counter("TcpExt: A TW\nTcpExt: 1 \n", "TcpExt", "TW", &value), -EINVAL);
    assert_int_equal(kernel_text_counter("TcpExt: A TW\nTcpExt: 1 -2\n", "TcpExt", "TW", &value), -EINVAL);
    assert_int_equal(kernel_text_counter("TcpExt: A TW\nTcpExt: 1 2x\n", "TcpExt", "TW", &value), -EINVAL);
    assert_int_equal(value, -5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_setting_is_one_number_and_a_newline),
        cmocka_unit_test(a_setting_that_is_anything_else_is_refused),
        cmocka_unit_test(a_port_range_has_both_ends),
        cmocka_unit_test(a_malformed_port_range_is_refused),
        cmocka_unit_test(reserved_ports_are_single_ones_and_ranges),
        cmocka_unit_test(no_reserved_port_is_an_empty_line),
        cmocka_unit_test(a_malformed_list_of_ports_is_refused),
        cmocka_unit_test(a_release_begins_with_two_numbers),
        cmocka_unit_test(a_release_without_two_numbers_is_refused),
        cmocka_unit_test(a_counter_is_found_by_its_name),
        cmocka_unit_test(a_counter_that_the_kernel_lacks_is_not_found),
        cmocka_unit_test(malformed_counters_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
