#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "terminal.h"

#define REPLACED "\xef\xbf\xbd"

static void assert_becomes(const char *text, const char *safe)
{
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 4096);
    terminal_add(&buf, text);
    assert_int_equal(buf.failure, 0);
    assert_string_equal(buf.length > 0 ? buf.data : "", safe);
}

static void a_plain_name_stays_as_it_is(void **state)
{
    (void)state;
    assert_becomes("", "");
    assert_becomes("nginx: worker (1)", "nginx: worker (1)");
    assert_becomes("b\xc3\xa4r \xe2\x82\xac \xf0\x9f\x8c\x8a \xc2\xa0",
                   "b\xc3\xa4r \xe2\x82\xac \xf0\x9f\x8c\x8a \xc2\xa0");
}

static void no_control_character_reaches_the_terminal(void **state)
{
    (void)state;
    assert_becomes("a\x1b[31mb", "a" REPLACED "[31mb");
    assert_becomes("a\nb\tc\rd\x08", "a" REPLACED "b" REPLACED "c" REPLACED "d" REPLACED);
    assert_becomes("a\x7f", "a" REPLACED);
    assert_becomes("a\xc2\x9b", "a" REPLACED);
    for (char byte = 1; byte < ' '; byte++)
        assert_becomes((const char[]){byte, '\0'}, REPLACED);
}

static void no_override_turns_the_reading_direction(void **state)
{
    (void)state;
    assert_becomes("\xe2\x80\xaa\xe2\x80\xae", REPLACED REPLACED);
    assert_becomes("\xe2\x81\xa6\xe2\x81\xa9", REPLACED REPLACED);
    /* Their neighbours. */
    assert_becomes("\xe2\x80\xa9\xe2\x80\xaf", "\xe2\x80\xa9\xe2\x80\xaf");
    assert_becomes("\xe2\x81\xa5\xe2\x81\xaa", "\xe2\x81\xa5\xe2\x81\xaa");
}

static void bytes_that_are_no_utf8_are_repaired(void **state)
{
    (void)state;
    assert_becomes("a\xff\x9b\xe2\x80", "a" REPLACED REPLACED REPLACED REPLACED);
}

static void width_counts_characters_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(terminal_width("", 0), 0);
    assert_int_equal(terminal_width("sshd", 4), 4);
    assert_int_equal(terminal_width("b\xc3\xa4r\xe2\x82\xac", 7), 4);
}

static void a_full_buffer_is_told(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 3);
    terminal_add(&buf, "sshd");
    assert_int_not_equal(buf.failure, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_name_stays_as_it_is),
        cmocka_unit_test(no_control_character_reaches_the_terminal),
        cmocka_unit_test(no_override_turns_the_reading_direction),
        cmocka_unit_test(bytes_that_are_no_utf8_are_repaired),
        cmocka_unit_test(width_counts_characters_not_bytes),
        cmocka_unit_test(a_full_buffer_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
