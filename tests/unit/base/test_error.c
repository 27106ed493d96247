#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "base/error.h"

static void a_reason_is_kept_and_its_code_returned(void **state)
{
    (void)state;
    struct error error;
    assert_int_equal(error_set(&error, -EINVAL, "port %d", 0), -EINVAL);
    assert_string_equal(error.text, "port 0");
}

static void nobody_has_to_listen(void **state)
{
    (void)state;
    assert_int_equal(error_set(NULL, -ENOENT, "no %s", "one"), -ENOENT);
    error_prefix(NULL, "nowhere");
}

static void a_prefix_goes_before_the_reason(void **state)
{
    (void)state;
    struct error error;
    (void)error_set(&error, -EIO, "cannot read");
    error_prefix(&error, "line %d", 7);
    error_prefix(&error, "/etc/tidewait.yml");
    assert_string_equal(error.text, "/etc/tidewait.yml: line 7: cannot read");
}

static void the_old_reason_can_be_part_of_the_new_one(void **state)
{
    (void)state;
    struct error error;
    (void)error_set(&error, -EIO, "old");
    (void)error_set(&error, -EIO, "new (%s)", error.text);
    error_prefix(&error, "for %s", error.text);
    assert_string_equal(error.text, "for new (old): new (old)");
}

static void a_reason_that_is_too_long_is_cut(void **state)
{
    (void)state;
    struct error error;
    (void)error_set(&error, -EIO, "%0*d", 2 * ERROR_TEXT_MAX, 1);
    assert_int_equal(strlen(error.text), ERROR_TEXT_MAX - 1);
    error_prefix(&error, "front");
    assert_int_equal(strlen(error.text), ERROR_TEXT_MAX - 1);
    assert_memory_equal(error.text, "front: 000", 10);
}

/* Characters of two, three and four bytes, put so that the cut falls behind each of their bytes. */
static void a_cut_never_splits_a_character(void **state)
{
    (void)state;
    const char *const characters[] = {"é", "€", "🌊"};
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        size_t width = strlen(characters[i]);
        for (size_t kept = 1; kept <= width; kept++) {
            int before = (int)(ERROR_TEXT_MAX - 1 - kept);
            size_t expected = (size_t)before + (kept == width ? width : 0);
            struct error error;
            (void)error_set(&error, -EIO, "%0*d%s", before, 0, characters[i]);
            assert_int_equal(strlen(error.text), expected);
            (void)error_set(&error, -EIO, "%0*d%s%s", before, 0, characters[i], "tail");
            assert_int_equal(strlen(error.text), expected);
        }
    }
}

static void control_characters_cannot_break_the_line_or_reach_a_terminal(void **state)
{
    (void)state;
    struct error error;
    (void)error_set(&error, -EIO, "%s", "a\nb\x1b[31mc\x7f é");
    error_prefix(&error, "%s", "p\r");
    assert_string_equal(error.text, "p?: a?b?[31mc? é");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reason_is_kept_and_its_code_returned),
        cmocka_unit_test(nobody_has_to_listen),
        cmocka_unit_test(a_prefix_goes_before_the_reason),
        cmocka_unit_test(the_old_reason_can_be_part_of_the_new_one),
        cmocka_unit_test(a_reason_that_is_too_long_is_cut),
        cmocka_unit_test(a_cut_never_splits_a_character),
        cmocka_unit_test(control_characters_cannot_break_the_line_or_reach_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
