#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "negotiation.h"

struct line {
    const char *text;
    bool preferred;
};

static void expect_each(const struct line *lines, size_t count, bool (*prefers)(const char *))
{
    for (size_t i = 0; i < count; i++)
        if (prefers(lines[i].text) != lines[i].preferred)
            fail_msg("%s: not %s", lines[i].text, lines[i].preferred ? "preferred" : "the other");
}

static void openmetrics_is_for_those_who_prefer_it(void **state)
{
    (void)state;
    static const struct line lines[] = {
        /* Prometheus 2.42, 2.5 and 3 */
        {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
         true},
        {"application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", false},
        {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
         "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
         "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
         true},
        {"application/openmetrics-text;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.5", false},
        {"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.5", false},
        {"application/openmetrics-text", true},
        {"Application/OpenMetrics-Text; Version=\"1.0.0\"; charset=utf-8", true},
        {"application/openmetrics-text , text/plain;q=0.999", true},
        {"application/openmetrics-text;q=0.001", true},
        {"application/*", true},
        {"application/*, */*", true},
        /* named more exactly than the other, or not at all */
        {"application/openmetrics-text, */*", true},
        {"text/plain, */*", false},
        {"text/plain;q=0.1, */*", true},
        {"application/openmetrics-text;q=0.1, */*", false},
        {"application/openmetrics-text;version=1.0.0;q=0, application/openmetrics-text", false},
        {"application/openmetrics-text;version=1.0.0, application/openmetrics-text;q=0, text/plain;q=0.5", true},
        /* nothing of the kind */
        {"", false},
        {"*/*", false},
        {"text/*", false},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false},
        {"application/json", false},
        {"application/openmetrics-text;version=2.0.0", false},
        {"application/openmetrics-text;q=0", false},
        {"application/openmetrics-textual", false},
        /* not of the right form: passed over */
        {"application/openmetrics-text;q=1.001", false},
        {"application/openmetrics-text;q=0.0001", false},
        {"application/openmetrics-text;q=", false},
        {"application/openmetrics-text;q=.5", false},
        {"application/openmetrics-text;q=high, text/plain", false},
        {"application/openmetrics-text;q=-1", false},
        {",,;;=, ;q=0,application/openmetrics-text;;,", true},
        {"text/plain;q=\"0.1,application/openmetrics-text", false},
    };
    expect_each(lines, sizeof(lines) / sizeof(lines[0]), negotiation_prefers_openmetrics);
}

static void gzip_is_for_those_who_take_it_and_do_not_prefer_the_plain_bytes(void **state)
{
    (void)state;
    static const struct line lines[] = {
        {"gzip", true},
        {"GZip", true},
        {"x-gzip", true},
        {"deflate, gzip, br, zstd", true},
        {"gzip;q=0.001", true},
        {"gzip; q=1.000 ,identity; q=0.5", true},
        {"gzip, identity;q=0", true},
        {"*", true},
        {"identity;q=0, *;q=0.1", true},
        {"br;q=1.0, gzip;q=0.8, *;q=0.1", true},
        {"gzip, identity", true},
        {"", false},
        {"identity", false},
        {"br, deflate", false},
        {"gzip;q=0", false},
        {"gzip;q=0.0", false},
        {"gzip;q=0, *", false},
        {"*;q=0", false},
        {"identity;q=0", false},
        {"gzip;q=0.5, identity", false},
        {"identity, *;q=0.5", false},
        {"gzip;q=2", false},
        {"gzipped", false},
        {"gzip gzip", false},
    };
    expect_each(lines, sizeof(lines) / sizeof(lines[0]), negotiation_prefers_gzip);
}

static void a_tag_is_found_in_a_list_of_tags(void **state)
{
    (void)state;
    static const struct line lines[] = {
        {"\"a-1\"", true},
        {"W/\"a-1\"", true},
        {"\"x\", \"a-1\"", true},
        {" \"x\" ,\tW/\"a-1\" ", true},
        {"\"with, a comma\",\"a-1\"", true},
        {"*", true},
        {"", false},
        {"a-1", false},
        {"\"a-1", false},
        {"\"a-11\"", false},
        {"\"A-1\"", false},
        {"w/\"a-1\"", false},
        {"W/", false},
        {"\"x, \"a-1\"\"", false},
        {"\"*\"", false},
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (negotiation_has_tag(lines[i].text, "\"a-1\"") != lines[i].preferred)
            fail_msg("%s: not %s", lines[i].text, lines[i].preferred ? "found" : "absent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openmetrics_is_for_those_who_prefer_it),
        cmocka_unit_test(gzip_is_for_those_who_take_it_and_do_not_prefer_the_plain_bytes),
        cmocka_unit_test(a_tag_is_found_in_a_list_of_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
