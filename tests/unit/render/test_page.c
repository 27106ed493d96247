#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "render/page.h"
#include "rendered.h"
#include "report_sample.h"

#define PAGE_MAX ((size_t)1 << 20)

static char *page_of(const struct report *report)
{
    struct buf buf;
    buf_init(&buf, PAGE_MAX);
    page_render(report, &buf);
    return rendered_take(&buf);
}

static void expect(const struct report *report, const char *part)
{
    cleanup(cleanup_free) char *text = page_of(report);
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in %s", part, text);
}

static size_t place_of(const char *text, const char *part)
{
    const char *found = strstr(text, part);
    assert_non_null(found);
    return (size_t)(found - text);
}

static void a_port_is_a_row_with_its_verdict_cause_time_and_owner(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    expect(report, "<tr><th scope=\"row\">8080/tcp</th><td><span class=\"chip\" data-standing=\"blocked\">held</span> "
                   "<span class=\"cause\">TIME_WAIT</span></td><td class=\"left\">43.7 s</td>"
                   "<td class=\"owner\">python3 (4127, exited), app.service</td><td class=\"number established\">0</td>"
                   "<td class=\"number waiting\">3</td><td class=\"number queue\">–</td>"
                   "<td class=\"restart\">–</td></tr>\n");
    expect(report, "<td class=\"number queue\">0/128</td>");
    expect(report, "<span class=\"cause\">TIME_WAIT, listener expected</span>");
    expect(report, "<td class=\"left\">now</td>");
}

static void the_worst_port_comes_first(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    cleanup(cleanup_free) char *text = page_of(report);
    assert_true(place_of(text, ">8080/tcp<") < place_of(text, ">22/tcp<"));
    assert_true(place_of(text, ">22/tcp<") < place_of(text, ">9000/tcp<"));
}

static void the_summary_stands_above_the_ports(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    report->summary = (struct summary){
        .lines = {{SUMMARY_PROBLEM, 41.25, "8080/tcp is blocked by TIME_WAIT"}}, .count = 1, .left_out = 2};
    expect(report, "<li data-level=\"problem\"><span class=\"words\">8080/tcp is blocked by TIME_WAIT</span>");
    expect(report, "and 2 more");
    expect(report, "<title>8080/tcp is blocked by TIME_WAIT · harbour · tidewait</title>");
    cleanup(cleanup_free) char *text = page_of(report);
    assert_true(place_of(text, "id=\"summary\"") < place_of(text, "id=\"port-table\""));
}

static void names_are_escaped_and_made_safe(void **state)
{
    static const struct {
        const char *name;
        const char *shown;
    } cases[] = {
        {"<img src=x>", "&lt;img src=x&gt; (7)"},
        {"a\"b'c&d", "a&quot;b&#39;c&amp;d (7)"},
        {"\xff\x1b[31m", "\xef\xbf\xbd\xef\xbf\xbd[31m (7)"},
        {"\xe2\x80\xaexe", "\xef\xbf\xbdxe (7)"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup(report_sample_freep) struct report *report = report_sample_new();
        struct report_port *port = report_sample_port(report, "80", VERDICT_HELD, CAUSE_LISTENER);
        (void)report_sample_owner(report_sample_holder(port, SOCK_LISTEN, "::", 1), cases[i].name, 7);
        (void)snprintf(report->summary.lines[0].text, SUMMARY_TEXT_MAX, "of %s (7)", cases[i].name);
        report->summary.count = 1;
        char shown[128];
        (void)snprintf(shown, sizeof(shown), "<td class=\"owner\">%s</td>", cases[i].shown);
        expect(report, shown);
        (void)snprintf(shown, sizeof(shown), "<title>of %s", cases[i].shown);
        expect(report, shown);
        cleanup(cleanup_free) char *text = page_of(report);
        assert_null(strstr(text, cases[i].name));
    }
}

static void a_port_of_another_namespace_names_it(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    (void)snprintf(report->netns.name, sizeof(report->netns.name), "w<b");
    expect(report, "8080/tcp <span class=\"netns\">w&lt;b</span></th>");
}

static void sockets_are_summed_over_all_namespaces(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    expect(report, "<p id=\"totals\" class=\"quiet\">Sockets: 0 established, 0 TIME_WAIT, 0 listening, 0 UDP</p>");
    struct report_netns other = {.name = "w<b"};
    other.totals[PROTOCOL_TCP][FAMILY_IPV6][SOCK_LISTEN] = 2;
    other.totals[PROTOCOL_UDP][FAMILY_IPV4][SOCK_CLOSE] = 5;
    report->netns.totals[PROTOCOL_TCP][FAMILY_IPV4][SOCK_LISTEN] = 1;
    report->netns.totals[PROTOCOL_TCP][FAMILY_IPV4][SOCK_TIME_WAIT] = 7;
    report->others = calloc(1, sizeof(*report->others));
    assert_non_null(report->others);
    report->others[0] = other;
    report->other_count = 1;
    expect(report, ">Sockets: 0 established, 7 TIME_WAIT, 3 listening, 5 UDP</p>");
    expect(report, "class=\"live-only\">Namespace <select id=\"netns\"><option value=\"\">all</option>"
                   "<option>self</option><option>w&lt;b</option></select>");
}

static void where_there_is_one_namespace_there_is_no_choice(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    expect(report, "class=\"live-only\" hidden>Namespace ");
}

static void before_the_first_report_the_page_says_so(void **state)
{
    (void)state;
    expect(NULL, "No round has succeeded yet");
    expect(NULL, "<script src=\"page/app.js\" type=\"module\">");
}

static void a_failed_report_has_no_rows(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_failed();
    expect(report, "<tbody>\n</tbody>");
    expect(report, "<p id=\"totals\" class=\"quiet\"></p>");
}

static void the_page_holds_no_script_no_style_and_no_absolute_path(void **state)
{
    static const char *const parts[] = {"style=", "<style", "onclick", "href=\"/", "src=\"/", "://", "<script>"};
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    cleanup(cleanup_free) char *text = page_of(report);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        assert_null(strstr(text, parts[i]));
}

static void without_room_it_fails(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 4096);
    page_render(report, &buf);
    assert_int_equal(buf.failure, -EFBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_is_a_row_with_its_verdict_cause_time_and_owner),
        cmocka_unit_test(the_worst_port_comes_first),
        cmocka_unit_test(the_summary_stands_above_the_ports),
        cmocka_unit_test(names_are_escaped_and_made_safe),
        cmocka_unit_test(a_port_of_another_namespace_names_it),
        cmocka_unit_test(sockets_are_summed_over_all_namespaces),
        cmocka_unit_test(where_there_is_one_namespace_there_is_no_choice),
        cmocka_unit_test(before_the_first_report_the_page_says_so),
        cmocka_unit_test(a_failed_report_has_no_rows),
        cmocka_unit_test(the_page_holds_no_script_no_style_and_no_absolute_path),
        cmocka_unit_test(without_room_it_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
