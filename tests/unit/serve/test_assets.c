#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#define ZLIB_CONST
#include <string.h>
#include <zlib.h>

#include "assets.h"

static const char *const names[] = {"app.js",     "chart.js",  "clock.js",  "details.js",   "dom.js",    "dygraph.css",
                                    "dygraph.js", "events.js", "format.js", "icon.svg",     "live.js",   "netns.js",
                                    "ports.js",   "row.js",    "series.js", "sparkline.js", "style.css", "trends.js"};
#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

static struct asset asset_of(const char *name, enum board_coding coding)
{
    struct asset asset = {0};
    assert_true(assets_find(name, coding, &asset));
    return asset;
}

static void the_compressed_form_is_the_same_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAME_COUNT; i++) {
        struct asset plain = asset_of(names[i], BOARD_IDENTITY);
        struct asset gzip = asset_of(names[i], BOARD_GZIP);
        assert_string_equal(plain.content_type, gzip.content_type);
        assert_string_not_equal(plain.tag, gzip.tag);
        Bytef *bytes = malloc(plain.length);
        assert_non_null(bytes);
        z_stream stream = {.next_in = (const Bytef *)gzip.bytes,
                           .avail_in = (uInt)gzip.length,
                           .next_out = bytes,
                           .avail_out = (uInt)plain.length};
        assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
        assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
        assert_int_equal(stream.total_out, plain.length);
        assert_memory_equal(bytes, plain.bytes, plain.length);
        assert_int_equal(inflateEnd(&stream), Z_OK);
        free(bytes);
    }
}

static void no_two_files_have_the_same_tag(void **state)
{
    (void)state;
    for (size_t i = 0; i < NAME_COUNT; i++)
        for (size_t n = 0; n < i; n++)
            assert_string_not_equal(asset_of(names[i], BOARD_GZIP).tag, asset_of(names[n], BOARD_GZIP).tag);
}

static void together_they_leave_room_for_the_page(void **state)
{
    (void)state;
    size_t length = 0;
    for (size_t i = 0; i < NAME_COUNT; i++)
        length += asset_of(names[i], BOARD_GZIP).length;
    assert_in_range(length, 40 << 10, 120 << 10);
}

static void what_is_not_embedded_is_not_found(void **state)
{
    (void)state;
    struct asset asset;
    assert_false(assets_find("", BOARD_IDENTITY, &asset));
    assert_false(assets_find("../app.js", BOARD_IDENTITY, &asset));
    assert_false(assets_find("App.js", BOARD_IDENTITY, &asset));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_compressed_form_is_the_same_file),
        cmocka_unit_test(no_two_files_have_the_same_tag),
        cmocka_unit_test(together_they_leave_room_for_the_page),
        cmocka_unit_test(what_is_not_embedded_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
