#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rendered_metrics.h"
#include "report_sample.h"

static void ports_and_their_sums_are_counted_by_state(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "tidewait_port_sockets{protocol=\"tcp\",port=\"22\",state=\"established\"} 2");
    assert_line(text, "tidewait_port_sockets{protocol=\"tcp\",port=\"8080\",state=\"time_wait\"} 3");
    assert_line(text, "tidewait_port_sockets{protocol=\"tcp\",port=\"ephemeral\",state=\"established\"} 40");
    assert_line(text, "tidewait_port_sockets{protocol=\"udp\",port=\"53\",state=\"close\"} 1");
    assert_line(text, "tidewait_port_sockets{protocol=\"udp\",port=\"other\",state=\"close\"} 0");
    assert_line(text, "tidewait_port_time_wait_longest_remaining_seconds{port=\"8080\"} 41.7");
    assert_line(text, "tidewait_port_time_wait_longest_remaining_seconds{port=\"22\"} 0");
    assert_absent(text, "tidewait_port_time_wait_longest_remaining_seconds{port=\"53\"}");
}

static void a_verdict_tells_for_which_bind_the_port_is_free(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "tidewait_port_bindable{protocol=\"tcp\",address=\"*\",port=\"9000\",reuseaddr=\"false\"} 1");
    assert_line(text, "tidewait_port_bindable{protocol=\"tcp\",address=\"*\",port=\"9000\",reuseaddr=\"true\"} 1");
    assert_line(text,
                "tidewait_port_bindable{protocol=\"tcp\",address=\"127.0.0.1\",port=\"5432\",reuseaddr=\"false\"} 0");
    assert_line(text,
                "tidewait_port_bindable{protocol=\"tcp\",address=\"127.0.0.1\",port=\"5432\",reuseaddr=\"true\"} 1");
    assert_line(text, "tidewait_port_bindable{protocol=\"tcp\",address=\"*\",port=\"22\",reuseaddr=\"true\"} 0");
    assert_line(text, "tidewait_port_bindable{protocol=\"udp\",address=\"*\",port=\"53\",reuseaddr=\"false\"} 0");
    assert_absent(text, "protocol=\"udp\",address=\"*\",port=\"53\",reuseaddr=\"true\"");
}

static void time_to_free_is_absent_when_waiting_will_not_help(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    cleanup(cleanup_free) char *text = rendered(report);
    const char *name = "tidewait_port_frees_in_seconds{protocol=\"tcp\",address=";
    char line[256];
    (void)snprintf(line, sizeof(line), "%s\"*\",port=\"8080\",reuseaddr=\"true\"} 43.7", name);
    assert_line(text, line);
    (void)snprintf(line, sizeof(line), "%s\"127.0.0.1\",port=\"5432\",reuseaddr=\"false\"} 32.004", name);
    assert_line(text, line);
    (void)snprintf(line, sizeof(line), "%s\"*\",port=\"9000\",reuseaddr=\"false\"} 0", name);
    assert_line(text, line);
    (void)snprintf(line, sizeof(line), "%s\"*\",port=\"22\"", name);
    assert_absent(text, line);
}

static void one_cause_of_all_is_one(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "tidewait_port_blocked{protocol=\"tcp\",address=\"*\",port=\"8080\",cause=\"time_wait\"} 1");
    assert_line(text, "tidewait_port_blocked{protocol=\"tcp\",address=\"*\",port=\"8080\",cause=\"listener\"} 0");
    assert_line(text, "tidewait_port_blocked{protocol=\"tcp\",address=\"*\",port=\"9000\",cause=\"time_wait\"} 0");
    assert_line(text, "tidewait_port_blocked{protocol=\"udp\",address=\"*\",port=\"53\",cause=\"bound\"} 1");
    assert_absent(text, "cause=\"none\"");
    assert_absent(text, "cause=\"unknown\"");
}

static void what_is_unknown_is_absent_and_a_known_cause_of_it_is_not(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *privileged = report_sample_port(report, "80", VERDICT_UNKNOWN, CAUSE_PRIVILEGED);
    report_sample_bind(privileged, "0.0.0.0", true, EACCES);
    (void)report_sample_port(report, "81", VERDICT_UNKNOWN, CAUSE_UNKNOWN);
    cleanup(cleanup_free) char *text = rendered(report);
    assert_absent(text, "tidewait_port_bindable");
    assert_absent(text, "tidewait_port_frees_in_seconds");
    assert_line(text, "tidewait_port_blocked{protocol=\"tcp\",address=\"*\",port=\"80\",cause=\"privileged\"} 1");
    assert_absent(text, "tidewait_port_blocked{protocol=\"tcp\",address=\"*\",port=\"81\"");
}

static void a_bind_that_found_the_port_in_use_counts_in_an_unknown_verdict_too(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "8080", VERDICT_UNKNOWN, CAUSE_UNKNOWN);
    report_sample_bind(port, "0.0.0.0", false, EADDRINUSE);
    report_sample_bind(port, "0.0.0.0", true, 0);
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "tidewait_port_bindable{protocol=\"tcp\",address=\"*\",port=\"8080\",reuseaddr=\"false\"} 0");
    assert_absent(text, "reuseaddr=\"true\"");
}

static void what_is_expected_of_a_watched_endpoint_is_said(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text,
                "tidewait_port_expected{protocol=\"tcp\",address=\"127.0.0.1\",port=\"5432\",expect=\"listening\"} 1");
    assert_line(text, "tidewait_port_expected{protocol=\"tcp\",address=\"*\",port=\"9000\",expect=\"free\"} 1");
    assert_absent(text, "tidewait_port_expected{protocol=\"tcp\",address=\"*\",port=\"22\"");
    assert_line(text, "tidewait_port_in_ephemeral_range{protocol=\"tcp\",port=\"33333\"} 1");
    assert_line(text, "tidewait_port_in_ephemeral_range{protocol=\"tcp\",port=\"22\"} 0");
    assert_absent(text, "tidewait_port_in_ephemeral_range{protocol=\"tcp\",port=\"5432\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_and_their_sums_are_counted_by_state),
        cmocka_unit_test(a_verdict_tells_for_which_bind_the_port_is_free),
        cmocka_unit_test(time_to_free_is_absent_when_waiting_will_not_help),
        cmocka_unit_test(one_cause_of_all_is_one),
        cmocka_unit_test(what_is_unknown_is_absent_and_a_known_cause_of_it_is_not),
        cmocka_unit_test(a_bind_that_found_the_port_in_use_counts_in_an_unknown_verdict_too),
        cmocka_unit_test(what_is_expected_of_a_watched_endpoint_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
