#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/utf8.h"

#define BAD "\xef\xbf\xbd"

static void assert_repaired(const char *text, const char *expected)
{
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 1000);
    utf8_repair(&buf, text, strlen(text));
    assert_int_equal(buf.failure, 0);
    assert_string_equal(buf.length > 0 ? buf.data : "", expected);
}

static void well_formed_text_stays_as_it_is(void **state)
{
    (void)state;
    const char *const good[] = {
        "",
        "python3",
        "\x01\x7f",
        "\xc2\x80 \xdf\xbf",
        "\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf",
        "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf",
        BAD,
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_repaired(good[i], good[i]);
}

static void each_byte_that_belongs_to_no_character_is_replaced(void **state)
{
    (void)state;
    assert_repaired("a\x80z", "a" BAD "z");
    assert_repaired("\xff\xfe", BAD BAD);
    assert_repaired("\xc3(", BAD "(");
    assert_repaired("\xe2\x82(", BAD BAD "(");
    assert_repaired("\xf0\x9f\x8c(", BAD BAD BAD "(");
    assert_repaired("é\xbf\xe2\x82\xac", "é" BAD "€");
}

static void a_character_cut_off_at_the_end_is_replaced(void **state)
{
    (void)state;
    assert_repaired("a\xc3", "a" BAD);
    assert_repaired("a\xe2\x82", "a" BAD BAD);
    assert_repaired("a\xf0\x9f\x8c", "a" BAD BAD BAD);
}

static void overlong_forms_surrogates_and_what_lies_above_unicode_are_replaced(void **state)
{
    (void)state;
    assert_repaired("\xc0\xaf", BAD BAD);
    assert_repaired("\xc1\xbf", BAD BAD);
    assert_repaired("\xe0\x9f\xbf", BAD BAD BAD);
    assert_repaired("\xf0\x8f\xbf\xbf", BAD BAD BAD BAD);
    assert_repaired("\xed\xa0\x80", BAD BAD BAD);
    assert_repaired("\xf4\x90\x80\x80", BAD BAD BAD BAD);
    assert_repaired("\xf5\x80\x80\x80", BAD BAD BAD BAD);
}

static void the_length_decides_and_not_what_follows(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 1000);
    utf8_repair(&buf, "\xc3\xa9", 1);
    utf8_repair(&buf, "a\0b", 3);
    assert_int_equal(buf.length, 6);
    assert_memory_equal(buf.data, BAD "a\0b", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_text_stays_as_it_is),
        cmocka_unit_test(each_byte_that_belongs_to_no_character_is_replaced),
        cmocka_unit_test(a_character_cut_off_at_the_end_is_replaced),
        cmocka_unit_test(overlong_forms_surrogates_and_what_lies_above_unicode_are_replaced),
        cmocka_unit_test(the_length_decides_and_not_what_follows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
