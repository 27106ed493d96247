/* What is shown of sockets that were read from /proc/net. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "json_text.h"
#include "render/text.h"
#include "rendered_metrics.h"
#include "report_sample.h"

#define BYTES_MAX (1 << 22)

static struct report *report_from_procfs(void)
{
    struct report *report = report_sample_host();
    report->netns.source = (struct source){SOURCE_PROCFS, EPROTONOSUPPORT};
    for (size_t i = 0; i < report->netns.listener_count; i++)
        report->netns.listeners[i].queue_limit = SOCK_QUEUE_LIMIT_UNKNOWN;
    for (size_t i = 0; i < report->netns.port_count; i++) {
        struct verdict *verdict = &report->netns.ports[i].verdict;
        verdict->source = report->netns.source;
        for (size_t h = 0; h < verdict->holder_count; h++)
            if (verdict->holders[h].state == SOCK_LISTEN)
                verdict->holders[h].queue_limit = SOCK_QUEUE_LIMIT_UNKNOWN;
    }
    return report;
}

static void destinations_of_unknown_room(struct report *report)
{
    struct report_traffic *traffic = &report->netns.traffic;
    traffic->used_max_ratio[PROTOCOL_TCP] = -1;
    for (size_t i = 0; i < traffic->destination_count; i++)
        traffic->destinations[i].at_most = true;
}

static void assert_part(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no %s in %s", part, text);
}

static void metrics_name_the_source_and_leave_out_what_it_lacks(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_from_procfs();
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "tidewait_socket_source{source=\"netlink\"} 0");
    assert_line(text, "tidewait_socket_source{source=\"procfs\"} 1");
    assert_absent(text, "tidewait_listen_queue_limit{");
    assert_part(text, "\ntidewait_listen_queue_length{");
}

static void what_could_be_used_towards_a_destination_is_not_told(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    destinations_of_unknown_room(report);
    cleanup(cleanup_free) char *text = rendered(report);
    assert_part(text, "\ntidewait_destination_ports_used{");
    assert_absent(text, "tidewait_destination_ports_usable{");
    assert_absent(text, "tidewait_destination_ports_used_max_ratio{protocol=\"tcp\"}");
    cleanup(cleanup_free) char *json = json_text_of_report(report);
    assert_part(json, "\"used\":{\"live\":12,\"time_wait\":23444},\"usable\":null,");
    assert_null(strstr(json, "371.5"));
}

static void json_names_the_source_of_the_namespace_and_of_each_verdict(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_from_procfs();
    cleanup(cleanup_free) char *json = json_text_of_report(report);
    assert_part(json,
                "\"socket_source\":\"procfs\",\"socket_source_reason\":\"netlink is refused (EPROTONOSUPPORT)\"}]");
    assert_part(json, "\"may_extend\":false,\"socket_source\":\"procfs\",\"binds\":");
    assert_part(json, "\"limit\":null");
    cleanup(report_sample_freep) struct report *usual = report_sample_host();
    cleanup(cleanup_free) char *usual_json = json_text_of_report(usual);
    assert_part(usual_json, "\"socket_source\":\"netlink\",\"socket_source_reason\":null}]");
    assert_null(strstr(usual_json, "\"may_extend\":false,\"socket_source\""));
}

static void the_table_says_what_it_rests_on(void **state)
{
    (void)state;
    const struct text_style style = {.colour = false};
    struct buf buf;
    buf_init(&buf, BYTES_MAX);
    cleanup(report_sample_freep) struct report *report = report_from_procfs();
    text_ports(report, &style, &buf);
    assert_part(buf.data, "\nRead from /proc/net, because netlink is refused (EPROTONOSUPPORT):\n");
    assert_part(buf.data, "/?  ");
    assert_null(strstr(buf.data, "4294967295"));
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_name_the_source_and_leave_out_what_it_lacks),
        cmocka_unit_test(what_could_be_used_towards_a_destination_is_not_told),
        cmocka_unit_test(json_names_the_source_of_the_namespace_and_of_each_verdict),
        cmocka_unit_test(the_table_says_what_it_rests_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
