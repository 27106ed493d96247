#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "base/buf.h"
#include "config/document.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct document read_text(const char *text)
{
    struct document document;
    assert_int_equal(document_read(text, strlen(text), "t.yml", &document, NULL), 0);
    return document;
}

static void assert_refused_bytes(const char *bytes, size_t length, const char *reason)
{
    struct document document;
    struct error error = {""};
    assert_int_equal(document_read(bytes, length, "t.yml", &document, &error), -EINVAL);
    assert_string_equal(error.text, reason);
}

static void assert_refused(const char *text, const char *reason)
{
    assert_refused_bytes(text, strlen(text), reason);
}

static void maps_lists_and_texts_are_read_with_their_places(void **state)
{
    (void)state;
    cleanup(document_done) struct document document =
        read_text("# settings\nwatch:\n  - 8080\n  - 'ä'\nlog: {level: info}\n");
    const struct node *root = &document.root;
    assert_int_equal(root->kind, NODE_MAP);
    assert_int_equal(root->count, 2);
    const struct node *watch = &root->items[0];
    assert_string_equal(watch->key, "watch");
    assert_int_equal(watch->key_at.line, 2);
    assert_int_equal(watch->key_at.column, 1);
    assert_int_equal(watch->kind, NODE_LIST);
    assert_int_equal(watch->count, 2);
    assert_string_equal(watch->items[0].text, "8080");
    assert_int_equal(watch->items[1].at.line, 4);
    assert_int_equal(watch->items[1].at.column, 5);
    assert_string_equal(watch->items[1].text, "ä");
    assert_null(watch->items[1].key);
    const struct node *level = &root->items[1].items[0];
    assert_string_equal(level->key, "level");
    assert_string_equal(level->text, "info");
    assert_int_equal(level->at.column, 14);
}

static void a_text_stays_as_it_was_written(void **state)
{
    (void)state;
    const struct {
        const char *written;
        const char *text;
        bool quoted;
    } cases[] = {
        {"no", "no", false},         {"010", "010", false},     {"1.50", "1.50", false},  {"53:22", "53:22", false},
        {"\"no\"", "no", true},      {"'it''s'", "it's", true}, {"|\n a\n", "a\n", true}, {"\"\\u00e4\"", "ä", true},
        {"udp:53", "udp:53", false}, {":8080", ":8080", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cleanup(document_done) struct document document = read_text(cases[i].written);
        assert_string_equal(document.root.text, cases[i].text);
        assert_int_equal(document.root.quoted, cases[i].quoted);
    }
}

static void nothing_is_an_empty_value(void **state)
{
    (void)state;
    const char *const empty[] = {"", "\n# comment\n", "---\n", "~", "null", "\xef\xbb\xbf"};
    for (size_t i = 0; i < COUNT_OF(empty); i++) {
        cleanup(document_done) struct document document = read_text(empty[i]);
        assert_true(document_is_empty(&document.root));
    }
    const char *const full[] = {"''", "'~'", "\"null\"", "nil", "[]", "{}"};
    for (size_t i = 0; i < COUNT_OF(full); i++) {
        cleanup(document_done) struct document document = read_text(full[i]);
        assert_false(document_is_empty(&document.root));
    }
}

static void a_name_is_taken_once(void **state)
{
    (void)state;
    assert_refused("a: 1\nb: 2\n'a': 3\n", "t.yml:3:1: \"a\" stands on line 1 already: give it once");
    assert_refused("{a: {b: 1, b: 2}}", "t.yml:1:12: \"b\" stands on line 1 already: give it once");
    assert_refused("? [a]\n: 1\n", "t.yml:1:3: a name must stand here, as in name: value");
    assert_refused("'': 1\n", "t.yml:1:1: a name must stand here, as in name: value");
}

static void what_yaml_could_do_besides_is_refused(void **state)
{
    (void)state;
    assert_refused("a: &x 1\n", "t.yml:1:4: an anchor (&name) is not taken: write the value itself, a text in quotes");
    assert_refused("&x [1]\n", "t.yml:1:1: an anchor (&name) is not taken: write the value itself, a text in quotes");
    assert_refused("a: *x\n", "t.yml:1:4: an alias (*name) is not taken: write the value itself, a text in quotes");
    assert_refused("a: !!str 1\n", "t.yml:1:4: a tag (!name) is not taken: write the value itself, a text in quotes");
    assert_refused("!x {}\n", "t.yml:1:1: a tag (!name) is not taken: write the value itself, a text in quotes");
    assert_refused("a: 1\n---\nb: 2\n", "t.yml:3:1: a second document: leave out what follows ---");
    assert_refused("a: \"\\0\"\n", "t.yml:1:4: a text with a zero byte in it: leave that out");
}

static void what_is_no_yaml_is_refused_where_it_stops_being_so(void **state)
{
    (void)state;
    assert_refused("a: [1\nb: 2\n",
                   "t.yml:2:2: not YAML: while parsing a flow sequence: did not find expected ',' or ']'");
    assert_refused("a:\n  b: 1\n c: 2\n",
                   "t.yml:3:2: not YAML: while parsing a block mapping: did not find expected key");
    assert_refused("watch: *:80\n", "t.yml:1:9: not YAML: while scanning an alias: did not find expected alphabetic or "
                                    "numeric character; if it is a text, put it in quotes");
    assert_refused("watch: [::1]:80\n", "t.yml:1:9: not YAML: while parsing a flow node: did not find expected node "
                                        "content; if it is a text, put it in quotes");
}

static void bytes_that_are_no_text_are_refused_with_their_place(void **state)
{
    (void)state;
    assert_refused("a: 1\nä: \xff\n", "t.yml:2:4: invalid leading UTF-8 octet: the file must be text in UTF-8");
    assert_refused("a: \xc0\x80\n", "t.yml:1:4: invalid length of a UTF-8 sequence: the file must be text in UTF-8");
    assert_refused_bytes("a: \0", 4, "t.yml:1:4: control characters are not allowed: the file must be text in UTF-8");
    assert_refused_bytes("\xff\xfe"
                         "a\0",
                         4, "t.yml:1:1: invalid leading UTF-8 octet: the file must be text in UTF-8");
}

static void add_times(struct buf *buf, const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_add_text(buf, text);
}

static void what_it_takes_is_bounded(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, (size_t)1 << 20);
    add_times(&buf, "[", 100000);
    assert_refused(buf.data, "t.yml:1:17: nested more than 16 deep");
    buf.length = 0;
    add_times(&buf, "- ", 100000);
    assert_refused(buf.data, "t.yml:1:33: nested more than 16 deep");
    buf.length = 0;
    add_times(&buf, "- a\n", DOCUMENT_NODES_MAX + 1);
    assert_refused(buf.data, "t.yml:65537:3: more than 65536 values: leave some out");
    buf.length = 0;
    for (int i = 0; i <= DOCUMENT_MAP_MAX; i++)
        buf_printf(&buf, "k%d: 1\n", i);
    assert_refused(buf.data, "t.yml:1025:1: more than 1024 entries: leave some out");
    buf_done(&buf);
}

static void as_much_as_the_limits_allow_is_read(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, (size_t)1 << 20);
    add_times(&buf, "- a\n", DOCUMENT_NODES_MAX);
    cleanup(document_done) struct document longest = read_text(buf.data);
    assert_int_equal(longest.root.count, DOCUMENT_NODES_MAX);
    buf.length = 0;
    add_times(&buf, "[", DOCUMENT_DEPTH_MAX);
    add_times(&buf, "]", DOCUMENT_DEPTH_MAX);
    cleanup(document_done) struct document deepest = read_text(buf.data);
    assert_int_equal(deepest.root.count, 1);
    buf_done(&buf);
}

static void of_a_long_name_the_end_is_told(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'd', sizeof(name));
    memcpy(&name[sizeof(name) - sizeof("/tidewait.yml")], "/tidewait.yml", sizeof("/tidewait.yml"));
    struct document document;
    struct error error = {""};
    assert_int_equal(document_read("&", 1, name, &document, &error), -EINVAL);
    assert_non_null(strstr(error.text, "dddd/tidewait.yml:1:2: not YAML"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_lists_and_texts_are_read_with_their_places),
        cmocka_unit_test(a_text_stays_as_it_was_written),
        cmocka_unit_test(nothing_is_an_empty_value),
        cmocka_unit_test(a_name_is_taken_once),
        cmocka_unit_test(what_yaml_could_do_besides_is_refused),
        cmocka_unit_test(what_is_no_yaml_is_refused_where_it_stops_being_so),
        cmocka_unit_test(bytes_that_are_no_text_are_refused_with_their_place),
        cmocka_unit_test(what_it_takes_is_bounded),
        cmocka_unit_test(as_much_as_the_limits_allow_is_read),
        cmocka_unit_test(of_a_long_name_the_end_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
