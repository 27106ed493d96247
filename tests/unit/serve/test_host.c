#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "host.h"

static const char *const names[] = {"ports.example.org", "Harbour"};

static void expect(const char *value, bool ours)
{
    if (host_is_ours(value, names, sizeof(names) / sizeof(names[0])) != ours)
        fail_msg("\"%s\" is %s", value, ours ? "refused" : "taken as ours");
}

static void an_address_is_ours_with_and_without_a_port(void **state)
{
    (void)state;
    static const char *const values[] = {"127.0.0.1", "127.0.0.1:10098",     "127.0.0.1:",    "0.0.0.0", "10.1.2.3:1",
                                         "[::1]",     "[::1]:10098",         "[2001:db8::a]", "[::1]:",  "[::]",
                                         "[FE80::1]", "[::ffff:127.0.0.1]:7"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        expect(values[i], true);
}

static void localhost_and_the_configured_names_are_ours_in_any_case(void **state)
{
    (void)state;
    static const char *const values[] = {
        "localhost",         "LOCALHOST",          "LocalHost:10098",       "localhost.", "localhost.:80",
        "ports.example.org", "ports.example.org.", "Ports.Example.ORG:443", "harbour"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        expect(values[i], true);
}

static void every_other_name_is_refused(void **state)
{
    (void)state;
    static const char *const values[] = {"evil.test",
                                         "evil.test:10098",
                                         "localhost.evil.test",
                                         "127.0.0.1.evil.test",
                                         "127.0.0.1.nip.io",
                                         "notlocalhost",
                                         "localhos",
                                         "localhost..",
                                         "ports.example.org.evil.test",
                                         "example.org",
                                         "xports.example.org",
                                         "harbour.evil.test"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        expect(values[i], false);
}

static void what_is_not_of_the_form_is_refused(void **state)
{
    (void)state;
    static const char *const values[] = {"",
                                         ":",
                                         ":10098",
                                         " ",
                                         ".",
                                         "127.0.0.1 ",
                                         " 127.0.0.1",
                                         "127.0.0.1:80:80",
                                         "127.0.0.1:80 ",
                                         "127.0.0.1:http",
                                         "127.0.0.1:-1",
                                         "127.0.0.1.",
                                         "127.1",
                                         "2130706433",
                                         "0x7f000001",
                                         "256.0.0.1",
                                         "::1",
                                         "[::1",
                                         "[]",
                                         "[",
                                         "]",
                                         "[::1]x",
                                         "[::1]80",
                                         "[::1%lo]",
                                         "[127.0.0.1]",
                                         "[localhost]",
                                         "[::1]:80]",
                                         "user@localhost",
                                         "localhost/",
                                         "localhost,evil.test",
                                         "localhost#",
                                         "http://localhost"};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        expect(values[i], false);
}

static void a_value_of_any_length_has_an_answer(void **state)
{
    (void)state;
    char value[2000];
    for (size_t length = 1; length < sizeof(value); length++) {
        memset(value, '1', length);
        value[length] = '\0';
        expect(value, false);
        value[0] = '[';
        expect(value, false);
    }
}

static void without_names_only_addresses_and_localhost_are_ours(void **state)
{
    (void)state;
    assert_true(host_is_ours("127.0.0.1:80", NULL, 0));
    assert_true(host_is_ours("localhost:80", NULL, 0));
    assert_false(host_is_ours("ports.example.org", NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_ours_with_and_without_a_port),
        cmocka_unit_test(localhost_and_the_configured_names_are_ours_in_any_case),
        cmocka_unit_test(every_other_name_is_refused),
        cmocka_unit_test(what_is_not_of_the_form_is_refused),
        cmocka_unit_test(a_value_of_any_length_has_an_answer),
        cmocka_unit_test(without_names_only_addresses_and_localhost_are_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
