#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "base/buf.h"

static void an_empty_buffer_owns_nothing(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 100);
    buf_add(&buf, NULL, 0);
    buf_add_text(&buf, "");
    buf_printf(&buf, "%s", "");
    assert_null(buf.data);
    assert_int_equal(buf.length, 0);
    assert_int_equal(buf.failure, 0);
}

static void what_is_appended_follows_what_was_there(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 100);
    buf_add_text(&buf, "port ");
    buf_printf(&buf, "%d/%s", 8080, "tcp");
    buf_add_char(&buf, ':');
    buf_add(&buf, " free", 5);
    assert_string_equal(buf.data, "port 8080/tcp: free");
    assert_int_equal(buf.length, 19);
}

static void a_zero_byte_is_a_byte_like_any_other(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 100);
    buf_add(&buf, "a\0b", 3);
    buf_add_char(&buf, '\0');
    assert_int_equal(buf.length, 4);
    assert_memory_equal(buf.data, "a\0b\0", 5);
}

static void it_grows_past_many_capacities_and_keeps_every_byte(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 50000);
    for (int i = 0; i < 10000; i++) {
        buf_printf(&buf, "%04d", i);
        assert_true(buf.length < buf.capacity); /* room for the NUL, also when a power of two is reached */
    }
    assert_int_equal(buf.failure, 0);
    assert_int_equal(buf.length, 40000);
    assert_memory_equal(buf.data + 4 * 8765, "87658766", 8);
    assert_int_equal(buf.data[buf.length], '\0');
    assert_true(buf.capacity <= buf.limit + 1);
}

static void the_limit_itself_can_be_filled(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 4);
    buf_printf(&buf, "%s", "abcd");
    assert_int_equal(buf.failure, 0);
    assert_string_equal(buf.data, "abcd");
}

static void a_text_beyond_the_limit_is_left_out_whole_and_the_failure_sticks(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 4);
    buf_add_text(&buf, "abc");
    buf_add_text(&buf, "de");
    assert_int_equal(buf.failure, -EFBIG);
    buf_add_char(&buf, 'd');
    buf_printf(&buf, "%d", 1);
    assert_string_equal(buf.data, "abc");

    char *bytes = NULL;
    size_t length = 77;
    assert_int_equal(buf_steal(&buf, &bytes, &length), -EFBIG);
    assert_null(bytes);
    assert_int_equal(length, 77);
}

static void a_formatted_text_beyond_the_limit_fails_too(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 4);
    buf_printf(&buf, "%d", 12345);
    assert_int_equal(buf.failure, -EFBIG);
    assert_int_equal(buf.length, 0);
}

static void a_size_that_no_memory_has_is_a_failure_and_not_an_overflow(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, SIZE_MAX);
    buf_add_char(&buf, 'a');
    buf_add(&buf, "", SIZE_MAX);
    assert_int_equal(buf.failure, -EFBIG);
    assert_string_equal(buf.data, "a");
}

static void stealing_hands_the_bytes_over_and_leaves_the_buffer_empty_and_usable(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 4);
    buf_add_text(&buf, "abcd");
    cleanup(cleanup_free) char *bytes = NULL;
    size_t length = 0;
    assert_int_equal(buf_steal(&buf, &bytes, &length), 0);
    assert_string_equal(bytes, "abcd");
    assert_int_equal(length, 4);
    assert_null(buf.data);

    buf_add_text(&buf, "efgh");
    assert_string_equal(buf.data, "efgh");
    buf_add_char(&buf, 'i');
    assert_int_equal(buf.failure, -EFBIG);
}

static void stealing_from_an_empty_buffer_gives_an_empty_text(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 4);
    cleanup(cleanup_free) char *bytes = NULL;
    size_t length = 77;
    assert_int_equal(buf_steal(&buf, &bytes, &length), 0);
    assert_string_equal(bytes, "");
    assert_int_equal(length, 0);
}

static void what_failed_elsewhere_sticks_unless_it_had_failed_before(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 100);
    buf_fail(&buf, 0);
    buf_add_text(&buf, "all is well");
    assert_int_equal(buf.length, 11);
    buf_fail(&buf, -ENOMEM);
    buf_fail(&buf, -EFBIG);
    buf_fail(&buf, 0);
    buf_add_text(&buf, "; or not");
    assert_int_equal(buf.length, 11);
    assert_int_equal(buf.failure, -ENOMEM);
}

static void storage_of_the_callers_is_filled_to_its_last_byte_and_never_left(void **state)
{
    (void)state;
    char storage[8];
    struct buf buf;
    buf_init_in(&buf, storage, sizeof(storage));
    buf_add_text(&buf, "seven");
    buf_add_char(&buf, ' ');
    buf_add_char(&buf, 'c');
    assert_int_equal(buf.failure, 0);
    assert_ptr_equal(buf.data, storage);
    assert_string_equal(storage, "seven c");
    buf_add_char(&buf, 'h');
    assert_int_equal(buf.failure, -EFBIG);
    assert_string_equal(storage, "seven c");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_owns_nothing),
        cmocka_unit_test(what_is_appended_follows_what_was_there),
        cmocka_unit_test(a_zero_byte_is_a_byte_like_any_other),
        cmocka_unit_test(it_grows_past_many_capacities_and_keeps_every_byte),
        cmocka_unit_test(the_limit_itself_can_be_filled),
        cmocka_unit_test(a_text_beyond_the_limit_is_left_out_whole_and_the_failure_sticks),
        cmocka_unit_test(a_formatted_text_beyond_the_limit_fails_too),
        cmocka_unit_test(a_size_that_no_memory_has_is_a_failure_and_not_an_overflow),
        cmocka_unit_test(stealing_hands_the_bytes_over_and_leaves_the_buffer_empty_and_usable),
        cmocka_unit_test(stealing_from_an_empty_buffer_gives_an_empty_text),
        cmocka_unit_test(what_failed_elsewhere_sticks_unless_it_had_failed_before),
        cmocka_unit_test(storage_of_the_callers_is_filled_to_its_last_byte_and_never_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
