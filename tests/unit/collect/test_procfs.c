#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "procfs.h"

static void digits_are_taken_up_to_the_first_other_byte(void **state)
{
    (void)state;
    const char *cursor = "0042]";
    uint64_t value = 0;
    assert_int_equal(procfs_take_uint(&cursor, 100, &value), 0);
    assert_int_equal(value, 42);
    assert_string_equal(cursor, "]");
}

static void a_number_may_be_as_large_as_the_limit_and_no_larger(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t max;
        int expected;
    } cases[] = {
        {"65535", 65535, 0},
        {"65536", 65535, -ERANGE},
        {"655350", 65535, -ERANGE},
        {"7", 5, -ERANGE},
        {"0", 0, 0},
        {"1", 0, -ERANGE},
        {"18446744073709551615", UINT64_MAX, 0},
        {"18446744073709551616", UINT64_MAX, -ERANGE},
        {"99999999999999999999999", UINT64_MAX, -ERANGE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *cursor = cases[i].text;
        uint64_t value;
        assert_int_equal(procfs_take_uint(&cursor, cases[i].max, &value), cases[i].expected);
        assert_ptr_equal(cursor, cases[i].expected == 0 ? cases[i].text + strlen(cases[i].text) : cases[i].text);
    }
}

static void no_digit_is_no_number(void **state)
{
    (void)state;
    static const char *const texts[] = {"", " 1", "-1", "+1", "x"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        const char *cursor = texts[i];
        uint64_t value;
        assert_int_equal(procfs_take_uint(&cursor, 10, &value), -EINVAL);
    }
}

#define FIELDS_4_TO_21 "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18"

static void the_start_of_a_process_is_field_22(void **state)
{
    (void)state;
    uint64_t ticks = 0;
    assert_int_equal(procfs_start_ticks("812 (sshd) S " FIELDS_4_TO_21 " 4711 99 98\n", &ticks), 0);
    assert_int_equal(ticks, 4711);
}

static void a_process_may_call_itself_anything(void **state)
{
    (void)state;
    uint64_t ticks = 0;
    assert_int_equal(procfs_start_ticks("1 (a) S 1 (b) S " FIELDS_4_TO_21 " 5 6\n", &ticks), 0);
    assert_int_equal(ticks, 5);
    assert_int_equal(procfs_start_ticks("1 () \n() S " FIELDS_4_TO_21 " 6 7\n", &ticks), 0);
    assert_int_equal(ticks, 6);
}

static void who_has_ended_is_a_zombie_whatever_he_calls_himself(void **state)
{
    (void)state;
    assert_true(procfs_is_zombie("812 (sshd) Z " FIELDS_4_TO_21 " 4711 99 98\n"));
    assert_true(procfs_is_zombie("812 (a) S 1) X " FIELDS_4_TO_21 " 4711 99 98\n"));
    assert_false(procfs_is_zombie("812 (a) Z 1) S " FIELDS_4_TO_21 " 4711 99 98\n"));
    assert_false(procfs_is_zombie("812 (a)Z"));
    assert_false(procfs_is_zombie(""));
}

static void a_malformed_stat_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "1",
        "1 (",
        "1 (a)",
        "1 (a) ",
        "1 (a) S",
        "1 (a)S " FIELDS_4_TO_21 " 5",
        "1 (a) S " FIELDS_4_TO_21,
        "1 (a) S " FIELDS_4_TO_21 " ",
        "1 (a) S " FIELDS_4_TO_21 " -5",
    };
    uint64_t ticks = 77;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        assert_int_equal(procfs_start_ticks(texts[i], &ticks), -EINVAL);
    assert_int_equal(ticks, 77);
}

static void a_file_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    char text[256];
    assert_int_equal(procfs_read(AT_FDCWD, "/proc/sys/kernel/ostype", text, sizeof(text)), 0);
    assert_string_equal(text, "Linux\n");
    assert_int_equal(procfs_read(AT_FDCWD, "/proc/sys/kernel/ostype", text, sizeof("Linux\n")), 0);
    assert_int_equal(procfs_read(AT_FDCWD, "/proc/sys/kernel/ostype", text, sizeof("Linux\n") - 1), -EFBIG);
    assert_int_equal(procfs_read(AT_FDCWD, "/proc/no such file", text, sizeof(text)), -ENOENT);
    assert_int_equal(procfs_read(AT_FDCWD, "/proc/self", text, sizeof(text)), -EISDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_are_taken_up_to_the_first_other_byte),
        cmocka_unit_test(a_number_may_be_as_large_as_the_limit_and_no_larger),
        cmocka_unit_test(no_digit_is_no_number),
        cmocka_unit_test(the_start_of_a_process_is_field_22),
        cmocka_unit_test(a_process_may_call_itself_anything),
        cmocka_unit_test(who_has_ended_is_a_zombie_whatever_he_calls_himself),
        cmocka_unit_test(a_malformed_stat_is_refused),
        cmocka_unit_test(a_file_is_read_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
