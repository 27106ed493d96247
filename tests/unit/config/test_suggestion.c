#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "config/suggestion.h"

static const char *const names[] = {"web.listen-address", "web.allowed-host", "watch", "interval", "probe", "user"};

static const char *nearest(const char *typed)
{
    struct suggestion suggestion = {.typed = typed};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        suggestion_offer(&suggestion, names[i]);
    return suggestion.name;
}

static void the_nearest_name_is_suggested(void **state)
{
    (void)state;
    assert_string_equal(nearest("intervall"), "interval");
    assert_string_equal(nearest("inteval"), "interval");
    assert_string_equal(nearest("listen-address"), "web.listen-address");
    assert_string_equal(nearest("web.listen_adress"), "web.listen-address");
    assert_string_equal(nearest("watch"), "watch");
}

static void swapped_neighbours_are_one_mistake(void **state)
{
    (void)state;
    assert_string_equal(nearest("usre"), "user");
    assert_string_equal(nearest("wacth"), "watch");
}

static void nothing_is_suggested_when_nothing_is_near(void **state)
{
    (void)state;
    assert_null(nearest("colour"));
    assert_null(nearest(""));
    assert_null(nearest("a-name-that-is-far-longer-than-any-setting-could-ever-be-called"));
}

static void a_suggestion_is_a_question(void **state)
{
    (void)state;
    char text[SUGGESTION_TEXT_MAX];
    struct suggestion suggestion = {.typed = "usr"};
    suggestion_format(&suggestion, text);
    assert_string_equal(text, "");
    suggestion_offer(&suggestion, "user");
    suggestion_format(&suggestion, text);
    assert_string_equal(text, ": did you mean user?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_name_is_suggested),
        cmocka_unit_test(swapped_neighbours_are_one_mistake),
        cmocka_unit_test(nothing_is_suggested_when_nothing_is_near),
        cmocka_unit_test(a_suggestion_is_a_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
