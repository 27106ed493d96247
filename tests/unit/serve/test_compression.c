#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <zlib.h>

#include "compression.h"

#define BYTES_MAX ((size_t)1 << 20)

/* The compressed form, which must be whole, becomes the bytes again. */
static void expect_round_trip(const char *bytes, size_t length)
{
    cleanup(buf_done) struct buf compressed;
    buf_init(&compressed, 2 * BYTES_MAX);
    assert_return_code(compression_gzip(bytes, length, &compressed), 0);

    cleanup(cleanup_free) Bytef *again = malloc(length + 1);
    assert_non_null(again);
    z_stream stream = {.next_in = (Bytef *)compressed.data,
                       .avail_in = (uInt)compressed.length,
                       .next_out = again,
                       .avail_out = (uInt)length + 1};
    assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(stream.total_out, length);
    assert_memory_equal(again, bytes, length);
    assert_int_equal(inflateEnd(&stream), Z_OK);
}

static void bytes_of_every_length_come_back(void **state)
{
    (void)state;
    cleanup(cleanup_free) char *bytes = malloc(BYTES_MAX);
    assert_non_null(bytes);
    uint64_t seed = 0x7469646577616974;
    for (size_t i = 0; i < BYTES_MAX; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        bytes[i] = (char)(seed >> 56);
    }
    expect_round_trip(bytes, 0);
    for (size_t length = 1; length <= BYTES_MAX; length *= 4)
        expect_round_trip(bytes, length);
}

static void text_that_repeats_itself_becomes_small(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf text;
    buf_init(&text, BYTES_MAX);
    for (int port = 0; port < 1000; port++)
        buf_printf(&text, "tidewait_port_bindable{protocol=\"tcp\",port=\"%d\"} 1\n", port);
    cleanup(buf_done) struct buf compressed;
    buf_init(&compressed, BYTES_MAX);
    assert_return_code(compression_gzip(text.data, text.length, &compressed), 0);
    assert_true(compressed.length < text.length / 5);
    expect_round_trip(text.data, text.length);
}

static void the_same_bytes_have_the_same_form(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf one;
    cleanup(buf_done) struct buf other;
    buf_init(&one, BYTES_MAX);
    buf_init(&other, BYTES_MAX);
    assert_return_code(compression_gzip("same", 4, &one), 0);
    assert_return_code(compression_gzip("same", 4, &other), 0);
    assert_int_equal(one.length, other.length);
    assert_memory_equal(one.data, other.data, one.length);
}

static void what_does_not_fit_is_an_error(void **state)
{
    (void)state;
    cleanup(buf_done) struct buf small;
    buf_init(&small, 10);
    assert_int_equal(compression_gzip("more than ten bytes", 19, &small), -EFBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_of_every_length_come_back),
        cmocka_unit_test(text_that_repeats_itself_becomes_small),
        cmocka_unit_test(the_same_bytes_have_the_same_form),
        cmocka_unit_test(what_does_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
