#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rendered_metrics.h"
#include "report_sample.h"

static void every_state_of_a_protocol_is_shown_zeros_included(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report->netns.totals[PROTOCOL_TCP][FAMILY_IPV6][SOCK_TIME_WAIT] = UINT64_C(18446744073709551615);
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "# TYPE tidewait_sockets gauge");
    assert_line(text, "tidewait_sockets{protocol=\"tcp\",family=\"ipv4\",state=\"established\"} 0");
    assert_line(text, "tidewait_sockets{protocol=\"tcp\",family=\"ipv6\",state=\"time_wait\"} 18446744073709551615");
    assert_line(text, "tidewait_sockets{protocol=\"tcp\",family=\"ipv4\",state=\"bound_inactive\"} 0");
    assert_line(text, "tidewait_sockets{protocol=\"udp\",family=\"ipv6\",state=\"close\"} 0");
    assert_absent(text, "protocol=\"udp\",family=\"ipv4\",state=\"listen\"");
}

static void a_state_that_the_kernel_hides_is_absent(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    report->netns.bound_inactive_known = false;
    cleanup(cleanup_free) char *text = rendered(report);
    assert_absent(text, "bound_inactive");
}

static void listeners_have_a_queue_and_an_owner_where_it_is_known(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    report_sample_listener(report, "::1", 631)->queue_length = 5;
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "tidewait_listen_queue_length{address=\"0.0.0.0\",port=\"22\"} 0");
    assert_line(text, "tidewait_listen_queue_length{address=\"::1\",port=\"631\"} 5");
    assert_line(text, "tidewait_listen_queue_limit{address=\"::1\",port=\"631\"} 128");
    assert_line(text, "tidewait_listener_info{address=\"0.0.0.0\",port=\"22\",process=\"sshd\",unit=\"ssh.service\","
                      "container_id=\"\"} 1");
    assert_absent(text, "tidewait_listener_info{address=\"::1\"");
}

static void the_kernel_of_the_namespace_is_shown(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report->netns.ephemeral_used[PROTOCOL_TCP] = 41;
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "tidewait_ephemeral_ports 28232");
    assert_line(text, "tidewait_ephemeral_ports_reserved 2");
    assert_line(text, "tidewait_ephemeral_ports_used{protocol=\"tcp\"} 41");
    assert_line(text, "tidewait_ephemeral_ports_used{protocol=\"udp\"} 0");
    assert_line(text, "tidewait_time_wait_limit 65536");
    assert_line(text, "tidewait_time_wait_overflow_total 3");
    assert_line(text, "tidewait_time_wait_recycled_total 7");
    assert_line(text, "tidewait_listen_overflows_total 11");
    assert_line(text, "tidewait_listen_drops_total 12");
    assert_line(text, "tidewait_tcp_tw_reuse 2");
    assert_line(text, "tidewait_tcp_fin_timeout_seconds 60");
    assert_line(text, "tidewait_somaxconn 4096");
    assert_line(text, "tidewait_unprivileged_port_start 1024");
    assert_line(text, "tidewait_socket_source{source=\"netlink\"} 1");
    assert_line(text, "tidewait_socket_source{source=\"procfs\"} 0");
}

static void a_setting_that_could_not_be_read_is_absent(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report->netns.settings.max_tw_buckets = KERNEL_UNKNOWN;
    report->netns.settings.reserved_ports = KERNEL_UNKNOWN;
    report->netns.counters.listen_drops = KERNEL_UNKNOWN;
    cleanup(cleanup_free) char *text = rendered(report);
    assert_absent(text, "tidewait_time_wait_limit");
    assert_absent(text, "tidewait_ephemeral_ports_reserved");
    assert_absent(text, "tidewait_listen_drops_total");
    assert_line(text, "tidewait_ephemeral_ports 28232");
}

static void the_agent_tells_about_itself(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "tidewait_rounds_total 20");
    assert_line(text, "tidewait_round_failures_total{stage=\"open\"} 0");
    assert_line(text, "tidewait_round_failures_total{stage=\"tcp\"} 1");
    assert_line(text, "tidewait_round_sockets 1234");
    assert_line(text, "tidewait_interval_seconds 5");
    assert_line(text, "tidewait_last_round_success_timestamp_seconds 1795374208.3");
    assert_line(text, "tidewait_probes_total 40");
    assert_line(text, "tidewait_probe_failures_total 1");
    assert_line(text, "tidewait_http_requests_total{path=\"/metrics\",code=\"405\"} 1");
    assert_line(text, "tidewait_http_rejected_total{reason=\"host\"} 4");
    assert_line(text, "tidewait_http_rejected_total{reason=\"deadline\"} 0");
    assert_line(text, "process_cpu_seconds_total 0.37");
    assert_line(text, "process_resident_memory_bytes 5242880");
    assert_line(text, "process_start_time_seconds 1795374100.25");
    assert_non_null(strstr(text, "tidewait_build_info{version=\""));
}

static void round_durations_are_a_cumulated_histogram(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "# TYPE tidewait_round_duration_seconds histogram");
    assert_line(text, "tidewait_round_duration_seconds_bucket{le=\"0.0005\"} 1");
    assert_line(text, "tidewait_round_duration_seconds_bucket{le=\"0.001\"} 3");
    assert_line(text, "tidewait_round_duration_seconds_bucket{le=\"5.0\"} 16");
    assert_line(text, "tidewait_round_duration_seconds_bucket{le=\"+Inf\"} 17");
    assert_line(text, "tidewait_round_duration_seconds_sum 8.25");
    assert_line(text, "tidewait_round_duration_seconds_count 17");
}

static void before_the_first_success_there_is_no_time_of_it(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_failed();
    report->agent.last_success = (struct moment){0};
    cleanup(cleanup_free) char *text = rendered(report);
    assert_absent(text, "last_round_success");
    assert_absent(text, "tidewait_round_sockets");
}

static void a_failed_round_shows_the_agent_only(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_failed();
    cleanup(cleanup_free) char *text = rendered(report);
    assert_true(strncmp(text, "# HELP tidewait_rounds_total ", 29) == 0);
    assert_absent(text, "tidewait_sockets");
    assert_absent(text, "tidewait_time_wait_limit");
    assert_absent(text, "tidewait_socket_source");
    assert_line(text, "tidewait_last_round_success_timestamp_seconds 1795374208.3");
}

static void series_of_another_namespace_have_its_name_and_families_stay_whole(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_netns others[] = {{.name = "blue \"sea\""}, {.name = "shut", .failure = "it may not be entered"}};
    others[0].totals[PROTOCOL_TCP][FAMILY_IPV4][SOCK_LISTEN] = 3;
    report->others = others;
    report->other_count = 2;
    cleanup(cleanup_free) char *text = rendered(report);
    report->others = NULL;
    report->other_count = 0;
    assert_line(text,
                "tidewait_sockets{protocol=\"tcp\",family=\"ipv4\",state=\"listen\",netns=\"blue \\\"sea\\\"\"} 3");
    assert_absent(text, "netns=\"shut\"");
    assert_absent(text, "netns=\"self\"");
    const char *head = strstr(text, "# TYPE tidewait_sockets gauge");
    assert_non_null(head);
    assert_null(strstr(head + 1, "# TYPE tidewait_sockets gauge"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_of_another_namespace_have_its_name_and_families_stay_whole),
        cmocka_unit_test(every_state_of_a_protocol_is_shown_zeros_included),
        cmocka_unit_test(a_state_that_the_kernel_hides_is_absent),
        cmocka_unit_test(listeners_have_a_queue_and_an_owner_where_it_is_known),
        cmocka_unit_test(the_kernel_of_the_namespace_is_shown),
        cmocka_unit_test(a_setting_that_could_not_be_read_is_absent),
        cmocka_unit_test(the_agent_tells_about_itself),
        cmocka_unit_test(round_durations_are_a_cumulated_histogram),
        cmocka_unit_test(before_the_first_success_there_is_no_time_of_it),
        cmocka_unit_test(a_failed_round_shows_the_agent_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
