#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "report_sample.h"
#include "server.h"

static void publish_failure(struct server *server, struct moment last_success)
{
    struct report *report = report_sample_failed();
    report->agent.last_success = last_success;
    server_publish(server, report);
}

static void each_path_answers_with_its_representation(void **state)
{
    struct server *server = *state;
    server_publish_ports(server);
    server_expect(server, "GET", "/", 200, "<h1>Ports of harbour</h1>");
    server_expect(server, "GET", "/?from=bookmark", 200, "<th scope=\"row\">8080/tcp</th>");
    server_expect(server, "GET", "/page/app.js", 200, "import ");
    server_expect(server, "GET", "/metrics", 200, "# TYPE tidewait_rounds_total counter\n");
    server_expect(server, "GET", "/metrics?collect=all", 200, "tidewait_rounds_total 20\n");
    server_expect(server, "GET", "/api/v1/report", 200, "\"host\":\"harbour\"");
    server_expect(server, "GET", "/api/v1/ports", 200, "{\"ports\":[{");
    server_expect(server, "GET", "/healthz", 200, "ok\n");
    server_expect(server, "GET", "/-/healthy", 200, "ok\n");
    server_expect(server, "GET", "/readyz", 200, "ready\n");
    server_expect(server, "GET", "/-/ready", 200, "ready\n");
}

static void a_port_is_found_by_protocol_and_address(void **state)
{
    static const struct {
        const char *target;
        const char *part;
    } cases[] = {
        {"/api/v1/ports/8080", "{\"protocol\":\"tcp\",\"address\":\"*\",\"port\":8080}"},
        {"/api/v1/ports/8080?protocol=tcp&address=*&netns=self", "\"port\":8080}"},
        {"/api/v1/ports/8080?protocol=&address=&netns=", "\"port\":8080}"},
        {"/api/v1/ports/8080?address=%2A", "\"port\":8080}"},
        {"/api/v1/ports/53?protocol=udp", "{\"protocol\":\"udp\",\"address\":\"*\",\"port\":53}"},
        {"/api/v1/ports/9000?address=::1", "{\"protocol\":\"tcp\",\"address\":\"::1\",\"port\":9000}"},
        {"/api/v1/ports/9000?address=[::1]", "\"port\":9000}"},
        {"/api/v1/ports/9000?address=%5B0:0::1%5D", "\"port\":9000}"},
    };
    struct server *server = *state;
    server_publish_ports(server);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        server_expect(server, "GET", cases[i].target, 200, cases[i].part);
}

static void a_port_that_is_not_tracked_is_told_with_the_remedy(void **state)
{
    struct server *server = *state;
    server_publish_ports(server);
    server_expect(
        server, "GET", "/api/v1/ports/8081", 404,
        "{\"error\":{\"code\":\"not_tracked\",\"message\":\"8081/tcp is not tracked: watch it with --watch 8081\"}}");
    server_expect(server, "GET", "/api/v1/ports/53", 404, "53/tcp is not tracked: watch it with --watch 53\"");
    server_expect(server, "GET", "/api/v1/ports/8080?protocol=udp", 404,
                  "8080/udp is not tracked: watch it with --watch udp:8080\"");
    server_expect(server, "GET", "/api/v1/ports/9000?address=127.0.0.2", 404, "--watch 127.0.0.2:9000\"");
    server_expect(server, "GET", "/api/v1/ports/8080?netns=other", 404, "\"code\":\"not_tracked\"");
}

static void a_request_of_the_wrong_form_is_shown_the_right_one(void **state)
{
    static const struct {
        const char *target;
        const char *part;
    } cases[] = {
        {"/api/v1/ports/", "a number from 1 to 65535"},
        {"/api/v1/ports/0", "a number from 1 to 65535"},
        {"/api/v1/ports/65536", "a number from 1 to 65535"},
        {"/api/v1/ports/8080-8090", "a number from 1 to 65535"},
        {"/api/v1/ports/8080/tcp", "a number from 1 to 65535"},
        {"/api/v1/ports/http", "a number from 1 to 65535"},
        {"/api/v1/ports/8080?protocol=sctp", "protocol=tcp or protocol=udp"},
        {"/api/v1/ports/8080?address=localhost", "address=127.0.0.1"},
        {"/api/v1/ports/8080?address=127.0.0.1:80", "address=127.0.0.1"},
        {"/api/v1/ports/8080?address=[::1]:80", "address=127.0.0.1"},
        {"/api/v1/ports/8080?address=%00", "address=127.0.0.1"},
        {"/api/v1/ports/8080%00", "a number from 1 to 65535"},
        {"/api/v1/ports/8080?address=tcp", "address=127.0.0.1"},
        {"/api/v1/ports/8080?adress=::1", "\\\"adress\\\" is unknown"},
        {"/api/v1/ports/8080?protocol=tcp&protocol=udp", "\\\"protocol\\\" is unknown or comes twice"},
        {"/api/v1/ports/8080?protocol=tcp&address=*&netns=&a&b&c", "PORT?protocol=tcp"},
        {"/api/v1/ports?port=8080", "use /api/v1/ports\""},
        {"/api/v1/report?pretty", "use /api/v1/report\""},
        {"/api/v1/history/", "a number from 1 to 65535"},
        {"/api/v1/history/8080?address=*", "PORT?protocol=tcp&netns=self"},
        {"/api/v1/events?since=last", "since=ID"},
        {"/api/v1/events?from=3", "use /api/v1/events?since=ID"},
    };
    struct server *server = *state;
    server_publish_ports(server);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        server_expect(server, "GET", cases[i].target, 400, "{\"error\":{\"code\":\"bad_request\"");
        server_expect(server, "GET", cases[i].target, 400, cases[i].part);
    }
}

static void what_happened_is_answered_even_before_the_first_report(void **state)
{
    struct server *server = *state;
    server_expect(server, "GET", "/api/v1/events", 200, "\"events\":[]}");
    server_expect(server, "GET", "/api/v1/history/8080", 404, "{\"error\":{\"code\":\"no_history\"");
    board_tell(server->board, &(struct event){.kind = EVENT_AGENT_STARTED});
    board_tell(server->board, &(struct event){.kind = EVENT_CONFIG_RELOADED});
    server_expect(server, "GET", "/api/v1/events?since=", 200, "{\"id\":1,");
    server_expect(server, "GET", "/api/v1/events?since=1", 200, "\"events\":[{\"id\":2,");
    server_expect(server, "GET", "/api/v1/events?since=2", 200, "\"events\":[]}");
}

static void a_history_is_found_by_protocol(void **state)
{
    struct server *server = *state;
    struct history *history = NULL;
    assert_return_code(history_new(3600 * CLOCK_NS_PER_S, CLOCK_NS_PER_S, &history), 0);
    board_keep(server->board, history);
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    assert_return_code(board_sample(server->board, report), 0);
    server_expect(server, "GET", "/api/v1/history/8080", 200, "{\"step_seconds\":30,\"samples\":[{\"at\":");
    server_expect(server, "GET", "/api/v1/history/53?protocol=udp&netns=self", 200, "\"verdict\":\"held\"");
    server_expect(server, "GET", "/api/v1/history/53", 404, "53/tcp is not tracked: watch it with --watch 53\"");
    server_expect(server, "GET", "/api/v1/history/8080?netns=other", 404, "\"code\":\"not_tracked\"");
}

static void other_paths_do_not_exist(void **state)
{
    static const char *const targets[] = {"/page",
                                          "/page/",
                                          "/page/app.js/",
                                          "/index.html",
                                          "/metrics/",
                                          "/Metrics",
                                          "/healthz/",
                                          "/healthz%00",
                                          "/healthz%00x",
                                          "/api/v1",
                                          "/api/v1/events/1",
                                          "/api/v1/history",
                                          "/%22%3Cscript%3E%0A%FF"};
    struct server *server = *state;
    server_publish_ports(server);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        server_expect(server, "GET", targets[i], 404, "{\"error\":{\"code\":\"not_found\"");
}

static void before_the_first_report_only_the_process_is_alive(void **state)
{
    struct server *server = *state;
    static const char *const targets[] = {"/metrics", "/api/v1/report", "/api/v1/ports", "/api/v1/ports/8080"};
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        server_expect(server, "GET", targets[i], 503,
                      "{\"error\":{\"code\":\"not_ready\",\"message\":\"no round has succeeded yet\"}}");
    server_expect(server, "GET", "/", 200, "No round has succeeded yet");
    server_expect(server, "GET", "/readyz", 503, "no round has succeeded yet\n");
    server_expect(server, "GET", "/healthz", 200, "ok\n");
}

static void a_failed_round_is_reported_and_has_no_ports(void **state)
{
    struct server *server = *state;
    publish_failure(server, server_seconds_ago(1));
    server_expect(server, "GET", "/metrics", 200, "tidewait_round_failures_total");
    server_expect(server, "GET", "/api/v1/report", 200, "the walk was interrupted: ENOBUFS");
    static const char *const targets[] = {"/api/v1/ports", "/api/v1/ports/8080"};
    for (size_t i = 0; i < 2; i++)
        server_expect(
            server, "GET", targets[i], 503,
            "{\"error\":{\"code\":\"not_ready\",\"message\":\"the latest round failed: the walk was interrupted: "
            "ENOBUFS\"}}");
}

static void readiness_ends_three_intervals_after_the_last_success(void **state)
{
    struct server *server = *state;
    struct report *old = report_sample_new();
    old->agent.last_success = server_seconds_ago(17);
    server_publish(server, old);
    server_expect(server, "GET", "/readyz", 503, "the last round that succeeded ended 17.");
    server_expect(server, "GET", "/readyz", 503, " s ago, more than three intervals of 5 s\n");

    publish_failure(server, server_seconds_ago(14));
    server_expect(server, "GET", "/readyz", 200, "ready\n");
    publish_failure(server, server_seconds_ago(16));
    server_expect(server, "GET", "/readyz", 503,
                  "three intervals of 5 s; the latest failed: the walk was interrupted: ENOBUFS\n");
    publish_failure(server, (struct moment){0});
    server_expect(server, "GET", "/readyz", 503,
                  "no round has succeeded yet; the latest failed: the walk was interrupted: ENOBUFS\n");
}

static void readiness_names_a_source_that_tells_less(void **state)
{
    struct server *server = *state;
    struct report *report = report_sample_new();
    report->agent.last_success = server_seconds_ago(1);
    report->netns.source = (struct source){SOURCE_PROCFS, EPROTONOSUPPORT};
    server_publish(server, report);
    server_expect(server, "GET", "/readyz", 200, "ready, from /proc/net: netlink is refused (EPROTONOSUPPORT)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_path_answers_with_its_representation, server_set_up, server_tear_down),
        cmocka_unit_test_setup_teardown(a_port_is_found_by_protocol_and_address, server_set_up, server_tear_down),
        cmocka_unit_test_setup_teardown(a_port_that_is_not_tracked_is_told_with_the_remedy, server_set_up,
                                        server_tear_down),
        cmocka_unit_test_setup_teardown(a_request_of_the_wrong_form_is_shown_the_right_one, server_set_up,
                                        server_tear_down),
        cmocka_unit_test_setup_teardown(what_happened_is_answered_even_before_the_first_report, server_set_up,
                                        server_tear_down),
        cmocka_unit_test_setup_teardown(a_history_is_found_by_protocol, server_set_up, server_tear_down),
        cmocka_unit_test_setup_teardown(other_paths_do_not_exist, server_set_up, server_tear_down),
        cmocka_unit_test_setup_teardown(before_the_first_report_only_the_process_is_alive, server_set_up,
                                        server_tear_down),
        cmocka_unit_test_setup_teardown(a_failed_round_is_reported_and_has_no_ports, server_set_up, server_tear_down),
        cmocka_unit_test_setup_teardown(readiness_ends_three_intervals_after_the_last_success, server_set_up,
                                        server_tear_down),
        cmocka_unit_test_setup_teardown(readiness_names_a_source_that_tells_less, server_set_up, server_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
