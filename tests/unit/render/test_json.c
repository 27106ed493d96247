#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/version.h"
#include "json_text.h"
#include "report_sample.h"

static void json_freep(cJSON **json)
{
    cJSON_Delete(*json);
}

static char *taken(struct buf *buf, int r)
{
    assert_int_equal(r, 0);
    return rendered_take(buf);
}

/* A key of an object, which must be there. */
static cJSON *at(const cJSON *object, const char *key)
{
    cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    if (value == NULL)
        fail_msg("no key %s", key);
    return value;
}

static const char application_row[] =
    "{\"endpoint\":{\"protocol\":\"tcp\",\"address\":\"*\",\"port\":8080},\"netns\":\"self\",\"verdict\":\"held\","
    "\"cause\":\"time_wait\",\"frees_in_seconds\":{\"plain\":43.7,\"reuseaddr\":43.7},"
    "\"frees_at\":\"2026-11-22T19:04:12Z\",\"may_extend\":false,"
    "\"binds\":[{\"address\":\"0.0.0.0\",\"reuseaddr\":false,\"result\":\"EADDRINUSE\",\"how\":\"inferred\"},"
    "{\"address\":\"0.0.0.0\",\"reuseaddr\":true,\"result\":\"EADDRINUSE\",\"how\":\"performed\"}],"
    "\"holders\":[{\"state\":\"time_wait\",\"local\":\"127.0.0.1:8080\",\"remote\":\"127.0.0.1:51644\",\"count\":3,"
    "\"longest_remaining_seconds\":41.7,\"direction\":\"inbound\",\"reuseport\":null,"
    "\"owners\":[{\"pid\":4127,\"process\":\"python3\",\"uid\":1000,\"unit\":\"app.service\",\"container_id\":null,"
    "\"container_name\":null,\"last_seen\":\"2026-11-22T19:03:20Z\",\"alive\":false,\"inferred\":false}]}],"
    "\"explanation\":\"Three connections are in TIME_WAIT.\",\"remedies\":[]";

static const char application_extras[] =
    ",\"states\":{\"established\":0,\"syn_sent\":0,\"syn_recv\":0,\"fin_wait1\":0,\"fin_wait2\":0,\"time_wait\":3,"
    "\"close\":0,\"close_wait\":0,\"last_ack\":0,\"listen\":0,\"closing\":0,\"bound_inactive\":0},"
    "\"accept_queue\":null,\"longest_time_wait_seconds\":41.7,\"time_wait_entered_total\":17,\"restart_safe\":null,"
    "\"expected\":null,"
    "\"in_ephemeral_range\":false,\"standing\":\"blocked\","
    "\"taken_at\":\"2026-11-22T19:03:28.300Z\",\"netns_id\":\"boot/7\"";

#define APPLICATION 2

static void a_verdict_is_one_object_in_the_order_of_the_contract(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    struct buf buf;
    buf_init(&buf, 1 << 20);
    cleanup(cleanup_free) char *text = taken(
        &buf, json_verdict(&report->netns.ports[APPLICATION].verdict, "self", report->taken_at.realtime_ns, &buf));
    char expected[sizeof(application_row) + 2];
    (void)snprintf(expected, sizeof(expected), "%s}\n", application_row);
    assert_string_equal(text, expected);
}

static void a_row_adds_what_is_known_of_the_port(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    cleanup(cleanup_free) char *text = json_text_of_row(report, APPLICATION);
    char expected[sizeof(application_row) + sizeof(application_extras) + 2];
    (void)snprintf(expected, sizeof(expected), "%s%s}\n", application_row, application_extras);
    assert_string_equal(text, expected);
}

static void waiting_in_vain_is_null_and_not_known_is_absent(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "53/udp", VERDICT_HELD, CAUSE_BOUND);
    port->verdict.plain.kind = FREES_NEVER;
    cleanup(cleanup_free) char *text = json_text_of_row(report, 0);
    assert_non_null(strstr(text, "\"frees_in_seconds\":{\"plain\":null},\"frees_at\":null,"));
    assert_non_null(strstr(text, "\"states\":{\"established\":0,\"close\":0},"));
    assert_non_null(strstr(text, "\"longest_time_wait_seconds\":null,"));
}

static void what_is_free_is_free_at_the_time_of_the_look(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "9000", VERDICT_FREE, CAUSE_NONE);
    port->verdict.plain.kind = FREES_AFTER;
    port->expected = EXPECTED_FREE;
    cleanup(cleanup_free) char *text = json_text_of_row(report, 0);
    assert_non_null(strstr(text, "\"cause\":\"none\",\"frees_in_seconds\":{\"plain\":0},"
                                 "\"frees_at\":\"2026-11-22T19:03:28Z\","));
    assert_non_null(strstr(text, "\"explanation\":\"\",\"remedies\":[],"));
    assert_non_null(strstr(text, "\"expected\":\"free\","));
}

static void the_second_in_which_it_is_free_is_rounded_up(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "9000", VERDICT_HELD, CAUSE_TIME_WAIT);
    port->verdict.plain = (struct frees){FREES_AFTER, 0.701};
    cleanup(cleanup_free) char *text = json_text_of_row(report, 0);
    assert_non_null(strstr(text, "\"plain\":0.701},\"frees_at\":\"2026-11-22T19:03:30Z\""));
}

static void no_cause_is_null_and_a_contradiction_is_said(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report_sample_port(report, "[::1]:80", VERDICT_UNKNOWN, CAUSE_UNKNOWN)->verdict.contradiction = true;
    cleanup(cleanup_free) char *text = json_text_of_row(report, 0);
    assert_non_null(strstr(text, "\"address\":\"::1\",\"port\":80},"));
    assert_non_null(strstr(text, "\"verdict\":\"unknown\",\"cause\":null,\"frees_in_seconds\":{},"));
    assert_non_null(strstr(text, "\"may_extend\":false,\"contradiction\":true,"));
}

static void a_listener_has_a_queue_and_no_peer(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "80", VERDICT_HELD, CAUSE_LISTENER);
    struct holder *listener = report_sample_holder(port, SOCK_LISTEN, "::", 4);
    listener->queue_length = 1;
    listener->queue_limit = 511;
    listener->reuseport = SOCKOPT_ON;
    report_sample_holder(port, SOCK_ESTABLISHED, "0.0.0.0", 9)->many_locals = true;
    cleanup(cleanup_free) char *text = json_text_of_row(report, 0);
    assert_non_null(strstr(text, "{\"state\":\"listen\",\"local\":\"[::]:80\",\"remote\":null,\"count\":4,"
                                 "\"longest_remaining_seconds\":null,\"direction\":\"unknown\",\"reuseport\":true,"
                                 "\"owners\":[]}"));
    assert_non_null(strstr(text, "{\"state\":\"established\",\"local\":\"*:80\","));
    assert_non_null(strstr(text, "\"accept_queue\":{\"length\":1,\"limit\":511},"));
}

static void remedies_are_listed_and_one_without_a_command_has_null(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct verdict *verdict = &report_sample_port(report, "80", VERDICT_HELD, CAUSE_PRIVILEGED)->verdict;
    verdict->remedies[0] = (struct remedy){REMEDY_CODE, strdup("first:"), strdup("int on = 1;\nbind();")};
    verdict->remedies[1] = (struct remedy){REMEDY_LOOK, strdup(""), NULL};
    verdict->remedy_count = 2;
    cleanup(cleanup_free) char *text = json_text_of_row(report, 0);
    assert_non_null(strstr(text, ",\"remedies\":[{\"kind\":\"code\",\"text\":\"first:\","
                                 "\"command\":\"int on = 1;\\nbind();\"},"
                                 "{\"kind\":\"look\",\"text\":\"\",\"command\":null}]"));
}

static void the_report_has_totals_kernel_and_agent(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    report->netns.totals[PROTOCOL_TCP][FAMILY_IPV6][SOCK_LISTEN] = 7;
    report->netns.counters.listen_drops = KERNEL_UNKNOWN;
    cleanup(cleanup_free) char *text = json_text_of_report(report);
    const char *head = "{\"taken_at\":\"2026-11-22T19:03:28.300Z\",\"host\":\"harbour\",\"netns\":[{\"name\":\"self\","
                       "\"scope\":\"host\",\"totals\":{\"tcp\":{\"ipv4\":{\"established\":0,";
    assert_memory_equal(text, head, strlen(head));

    cleanup(json_freep) cJSON *json = cJSON_Parse(text);
    const cJSON *netns = cJSON_GetArrayItem(at(json, "netns"), 0);
    assert_int_equal(at(at(at(at(netns, "totals"), "tcp"), "ipv6"), "listen")->valueint, 7);
    assert_int_equal(cJSON_GetArraySize(at(at(at(netns, "totals"), "udp"), "ipv4")), 2);
    assert_int_equal(at(at(netns, "kernel"), "local_port_low")->valueint, 32768);
    assert_int_equal(at(at(netns, "kernel"), "ephemeral_ports_reserved")->valueint, 2);
    assert_int_equal(at(at(netns, "kernel"), "time_wait_overflow_total")->valueint, 3);
    assert_true(cJSON_IsNull(at(at(netns, "kernel"), "listen_drops_total")));
    assert_int_equal(cJSON_GetArraySize(at(netns, "ports")), 6);
    assert_string_equal(at(at(json, "agent"), "version")->valuestring, TIDEWAIT_VERSION);
    assert_non_null(strstr(text,
                           "\"interval_seconds\":5,\"round_seconds\":0.000823,"
                           "\"sandbox\":{\"state\":\"on\",\"uid\":65534,\"capabilities\":[\"CAP_NET_BIND_SERVICE\"],"
                           "\"seccomp\":\"on\",\"unknown\":[\"owners: needs CAP_SYS_PTRACE\"]},"));
}

static void an_agent_without_a_sandbox_says_no_more_than_that(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report->agent.sandbox = (struct report_sandbox){.on = false};
    cleanup(cleanup_free) char *text = json_text_of_report(report);
    assert_non_null(strstr(text, ",\"sandbox\":{\"state\":\"off\"},"));
}

static void the_ports_are_the_rows_of_the_report(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    struct buf buf;
    buf_init(&buf, 1 << 20);
    cleanup(cleanup_free) char *text = taken(&buf, json_ports(report, &buf));
    cleanup(cleanup_free) char *row = json_text_of_row(report, APPLICATION);
    row[strcspn(row, "\n")] = '\0';
    assert_memory_equal(text, "{\"ports\":[{", 11);
    assert_non_null(strstr(text, row));
}

static void a_failed_round_shows_its_error_and_no_counts(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_failed();
    const char *error = "\"error\":{\"code\":\"round_failed\",\"message\":\"the walk was interrupted: ENOBUFS\"}";
    cleanup(cleanup_free) char *text = json_text_of_report(report);
    assert_non_null(strstr(text, "\"netns\":[{\"name\":\"self\",\"scope\":\"host\",\"error\":"));
    assert_non_null(strstr(text, error));
    assert_null(strstr(text, "totals"));
    assert_null(strstr(text, "\"ports\""));

    struct buf buf;
    buf_init(&buf, 1 << 20);
    cleanup(cleanup_free) char *ports = taken(&buf, json_ports(report, &buf));
    assert_null(strstr(ports, "\"ports\""));
    assert_non_null(strstr(ports, error));
}

static void an_error_is_an_object(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1 << 20);
    cleanup(cleanup_free) char *text = taken(&buf, json_error("not_tracked", "no port \"8080\xff\"", &buf));
    assert_string_equal(text,
                        "{\"error\":{\"code\":\"not_tracked\",\"message\":\"no port \\\"8080\xef\xbf\xbd\\\"\"}}\n");
}

static void any_name_of_a_process_reads_back_as_its_repaired_bytes(void **state)
{
    (void)state;
    uint64_t seed = 0x7469646577616974;
    for (int round = 0; round < 2000; round++) {
        cleanup(report_sample_freep) struct report *report = report_sample_host();
        char *process = report->netns.ports[APPLICATION].verdict.holders[0].owners[0].process;
        for (size_t i = 0; i < OWNER_PROCESS_MAX - 1; i++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            process[i] = (char)(seed >> 40);
        }
        cleanup(buf_done) struct buf repaired;
        buf_init(&repaired, 1024);
        utf8_repair(&repaired, process, strlen(process));

        cleanup(cleanup_free) char *text = json_text_of_row(report, APPLICATION);
        cleanup(json_freep) cJSON *json = cJSON_Parse(text);
        const cJSON *holder = cJSON_GetArrayItem(at(json, "holders"), 0);
        const cJSON *owner = cJSON_GetArrayItem(at(holder, "owners"), 0);
        assert_string_equal(at(owner, "process")->valuestring, repaired.length > 0 ? repaired.data : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verdict_is_one_object_in_the_order_of_the_contract),
        cmocka_unit_test(a_row_adds_what_is_known_of_the_port),
        cmocka_unit_test(waiting_in_vain_is_null_and_not_known_is_absent),
        cmocka_unit_test(what_is_free_is_free_at_the_time_of_the_look),
        cmocka_unit_test(the_second_in_which_it_is_free_is_rounded_up),
        cmocka_unit_test(no_cause_is_null_and_a_contradiction_is_said),
        cmocka_unit_test(a_listener_has_a_queue_and_no_peer),
        cmocka_unit_test(remedies_are_listed_and_one_without_a_command_has_null),
        cmocka_unit_test(the_report_has_totals_kernel_and_agent),
        cmocka_unit_test(an_agent_without_a_sandbox_says_no_more_than_that),
        cmocka_unit_test(the_ports_are_the_rows_of_the_report),
        cmocka_unit_test(a_failed_round_shows_its_error_and_no_counts),
        cmocka_unit_test(an_error_is_an_object),
        cmocka_unit_test(any_name_of_a_process_reads_back_as_its_repaired_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
