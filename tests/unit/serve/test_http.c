#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "client.h"
#include "report_sample.h"
#include "server.h"

static int set_up(void **state)
{
    *state = server_start(0);
    return 0;
}

static int tear_down(void **state)
{
    server_stop(*state);
    return 0;
}

static void publish(struct server *server, struct report *report)
{
    assert_return_code(board_publish(server->board, report), 0);
}

static struct moment seconds_ago(int seconds)
{
    struct moment moment = clock_now();
    moment.monotonic_ns -= seconds * CLOCK_NS_PER_S;
    moment.realtime_ns -= seconds * CLOCK_NS_PER_S;
    return moment;
}

/* Six ports, and [::1]:9000. */
static void publish_ports(struct server *server)
{
    struct report *report = report_sample_host();
    report_sample_port(report, "[::1]:9000", VERDICT_FREE, CAUSE_NONE);
    report->agent.last_success = seconds_ago(0);
    publish(server, report);
}

static void publish_failure(struct server *server, struct moment last_success)
{
    struct report *report = report_sample_failed();
    report->agent.last_success = last_success;
    publish(server, report);
}

static void expect(struct server *server, const char *method, const char *target, int status, const char *part)
{
    cleanup(client_reply_done) struct client_reply reply;
    client_ask(server->port, method, target, &reply);
    if (reply.status != status || reply.body.length == 0 || strstr(reply.body.data, part) == NULL)
        fail_msg("%s %s: %d, not %d with %s: %s", method, target, reply.status, status, part,
                 reply.body.length > 0 ? reply.body.data : "");
}

static void expect_header(const struct client_reply *reply, const char *name, const char *value)
{
    char line[256];
    const char *found = client_header(reply, name, line, sizeof(line));
    if (found == NULL || strcmp(found, value) != 0)
        fail_msg("%s is %s, not %s", name, found == NULL ? "absent" : found, value);
}

static void each_path_answers_with_its_representation(void **state)
{
    struct server *server = *state;
    publish_ports(server);
    expect(server, "GET", "/metrics", 200, "# TYPE tidewait_rounds_total counter\n");
    expect(server, "GET", "/metrics?collect=all", 200, "tidewait_rounds_total 20\n");
    expect(server, "GET", "/api/v1/report", 200, "\"host\":\"harbour\"");
    expect(server, "GET", "/api/v1/ports", 200, "{\"ports\":[{");
    expect(server, "GET", "/healthz", 200, "ok\n");
    expect(server, "GET", "/-/healthy", 200, "ok\n");
    expect(server, "GET", "/readyz", 200, "ready\n");
    expect(server, "GET", "/-/ready", 200, "ready\n");
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
    publish_ports(server);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect(server, "GET", cases[i].target, 200, cases[i].part);
}

static void a_port_that_is_not_tracked_is_told_with_the_remedy(void **state)
{
    struct server *server = *state;
    publish_ports(server);
    expect(
        server, "GET", "/api/v1/ports/8081", 404,
        "{\"error\":{\"code\":\"not_tracked\",\"message\":\"8081/tcp is not tracked: watch it with --watch 8081\"}}");
    expect(server, "GET", "/api/v1/ports/53", 404, "53/tcp is not tracked: watch it with --watch 53\"");
    expect(server, "GET", "/api/v1/ports/8080?protocol=udp", 404,
           "8080/udp is not tracked: watch it with --watch udp:8080\"");
    expect(server, "GET", "/api/v1/ports/9000?address=127.0.0.2", 404, "--watch 127.0.0.2:9000\"");
    expect(server, "GET", "/api/v1/ports/8080?netns=other", 404, "\"code\":\"not_tracked\"");
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
    };
    struct server *server = *state;
    publish_ports(server);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        expect(server, "GET", cases[i].target, 400, "{\"error\":{\"code\":\"bad_request\"");
        expect(server, "GET", cases[i].target, 400, cases[i].part);
    }
}

static void other_paths_do_not_exist(void **state)
{
    static const char *const targets[] = {"/",
                                          "/metrics/",
                                          "/Metrics",
                                          "/healthz/",
                                          "/healthz%00",
                                          "/healthz%00x",
                                          "/api/v1",
                                          "/api/v1/events",
                                          "/api/v1/history/8080",
                                          "/%22%3Cscript%3E%0A%FF"};
    struct server *server = *state;
    publish_ports(server);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        expect(server, "GET", targets[i], 404, "{\"error\":{\"code\":\"not_found\"");
}

static void other_methods_are_refused_with_those_that_work(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "PROPFIND"};
    static const char *const targets[] = {"/metrics", "/api/v1/ports", "/api/v1/ports/8080", "/healthz", "/-/ready"};
    struct server *server = *state;
    publish_ports(server);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        for (size_t j = 0; j < sizeof(targets) / sizeof(targets[0]); j++) {
            cleanup(client_reply_done) struct client_reply reply;
            client_ask(server->port, methods[i], targets[j], &reply);
            assert_int_equal(reply.status, 405);
            expect_header(&reply, "Allow", "GET, HEAD");
            assert_non_null(strstr(reply.body.data, "{\"error\":{\"code\":\"method_not_allowed\""));
        }
}

static void the_body_of_a_refused_request_is_read_and_dropped(void **state)
{
    struct server *server = *state;
    cleanup(cleanup_close) int fd = client_open(server->port);
    client_send(fd, "POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 1000; i++)
        client_send(
            fd, "one hundred bytes: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    client_send(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    static const int statuses[] = {405, 200};
    for (size_t i = 0; i < 2; i++) {
        cleanup(client_reply_done) struct client_reply reply;
        client_read_head(fd, &reply);
        assert_int_equal(reply.status, statuses[i]);
        client_read_body(fd, client_content_length(&reply), &reply);
    }
}

static void head_is_get_without_the_body(void **state)
{
    static const char *const targets[] = {"/metrics", "/api/v1/report", "/api/v1/ports/8080", "/readyz", "/nowhere"};
    struct server *server = *state;
    publish_ports(server);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        cleanup(client_reply_done) struct client_reply get;
        cleanup(client_reply_done) struct client_reply head;
        client_ask(server->port, "GET", targets[i], &get);
        client_ask(server->port, "HEAD", targets[i], &head);
        assert_int_equal(head.status, get.status);
        assert_int_equal(client_content_length(&head), get.body.length);
        assert_int_equal(head.body.length, 0);
        char type[256];
        expect_header(&head, "Content-Type", client_header(&get, "Content-Type", type, sizeof(type)));
    }
}

static void each_answer_says_what_it_is_and_is_not_kept(void **state)
{
    static const struct {
        const char *target;
        const char *type;
    } cases[] = {
        {"/metrics", "text/plain; version=0.0.4; charset=utf-8"},
        {"/api/v1/report", "application/json; charset=utf-8"},
        {"/api/v1/ports", "application/json; charset=utf-8"},
        {"/api/v1/ports/8080", "application/json; charset=utf-8"},
        {"/nowhere", "application/json; charset=utf-8"},
        {"/healthz", "text/plain; charset=utf-8"},
        {"/readyz", "text/plain; charset=utf-8"},
    };
    struct server *server = *state;
    publish_ports(server);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup(client_reply_done) struct client_reply reply;
        client_ask(server->port, "GET", cases[i].target, &reply);
        expect_header(&reply, "Content-Type", cases[i].type);
        expect_header(&reply, "Cache-Control", "no-store");
        expect_header(&reply, "X-Content-Type-Options", "nosniff");
        assert_int_equal(client_content_length(&reply), reply.body.length);
    }
}

static void before_the_first_report_only_the_process_is_alive(void **state)
{
    struct server *server = *state;
    static const char *const targets[] = {"/metrics", "/api/v1/report", "/api/v1/ports", "/api/v1/ports/8080"};
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        expect(server, "GET", targets[i], 503,
               "{\"error\":{\"code\":\"not_ready\",\"message\":\"no round has succeeded yet\"}}");
    expect(server, "GET", "/readyz", 503, "no round has succeeded yet\n");
    expect(server, "GET", "/healthz", 200, "ok\n");
}

static void a_failed_round_is_reported_and_has_no_ports(void **state)
{
    struct server *server = *state;
    publish_failure(server, seconds_ago(1));
    expect(server, "GET", "/metrics", 200, "tidewait_round_failures_total");
    expect(server, "GET", "/api/v1/report", 200, "the walk was interrupted: ENOBUFS");
    static const char *const targets[] = {"/api/v1/ports", "/api/v1/ports/8080"};
    for (size_t i = 0; i < 2; i++)
        expect(server, "GET", targets[i], 503,
               "{\"error\":{\"code\":\"not_ready\",\"message\":\"the latest round failed: the walk was interrupted: "
               "ENOBUFS\"}}");
}

static void readiness_ends_three_intervals_after_the_last_success(void **state)
{
    struct server *server = *state;
    struct report *old = report_sample_new();
    old->agent.last_success = seconds_ago(17);
    publish(server, old);
    expect(server, "GET", "/readyz", 503, "the last round that succeeded ended 17.");
    expect(server, "GET", "/readyz", 503, " s ago, more than three intervals of 5 s\n");

    publish_failure(server, seconds_ago(14));
    expect(server, "GET", "/readyz", 200, "ready\n");
    publish_failure(server, seconds_ago(16));
    expect(server, "GET", "/readyz", 503,
           "three intervals of 5 s; the latest failed: the walk was interrupted: ENOBUFS\n");
    publish_failure(server, (struct moment){0});
    expect(server, "GET", "/readyz", 503,
           "no round has succeeded yet; the latest failed: the walk was interrupted: ENOBUFS\n");
}

static uint64_t counted(const struct report_agent *agent, const char *path, int code)
{
    for (size_t i = 0; i < agent->http_count; i++)
        if (strcmp(agent->http[i].path, path) == 0 && agent->http[i].code == code)
            return agent->http[i].requests;
    return 0;
}

static void requests_are_counted_by_route_and_code(void **state)
{
    struct server *server = *state;
    cleanup(report_unrefp) struct report *report = report_sample_new();
    http_counts(server->http, &report->agent);
    assert_int_equal(report->agent.http_count, 0);

    expect(server, "GET", "/metrics", 503, "");
    publish_ports(server);
    expect(server, "GET", "/metrics", 200, "");
    expect(server, "GET", "/-/healthy", 200, "");
    expect(server, "GET", "/healthz", 200, "");
    expect(server, "POST", "/readyz", 405, "");
    expect(server, "GET", "/api/v1/ports/8080", 200, "");
    expect(server, "GET", "/api/v1/ports/1", 404, "");
    expect(server, "GET", "/api/v1/ports/x", 400, "");
    expect(server, "GET", "/one", 404, "");
    expect(server, "GET", "/two", 404, "");

    http_counts(server->http, &report->agent);
    assert_int_equal(report->agent.http_count, 8);
    assert_int_equal(counted(&report->agent, "/metrics", 503), 1);
    assert_int_equal(counted(&report->agent, "/metrics", 200), 1);
    assert_int_equal(counted(&report->agent, "/healthz", 200), 2);
    assert_int_equal(counted(&report->agent, "/readyz", 405), 1);
    assert_int_equal(counted(&report->agent, "/api/v1/ports/:port", 200), 1);
    assert_int_equal(counted(&report->agent, "/api/v1/ports/:port", 404), 1);
    assert_int_equal(counted(&report->agent, "/api/v1/ports/:port", 400), 1);
    assert_int_equal(counted(&report->agent, "other", 404), 2);
}

static void a_browser_with_many_cookies_is_answered(void **state)
{
    struct server *server = *state;
    cleanup(cleanup_close) int fd = client_open(server->port);
    char cookies[7 * 1024];
    memset(cookies, 'c', sizeof(cookies));
    cookies[sizeof(cookies) - 1] = '\0';
    client_send(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nCookie: a=");
    client_send(fd, cookies);
    client_send(fd, "\r\n\r\n");
    cleanup(client_reply_done) struct client_reply reply;
    client_read_head(fd, &reply);
    assert_int_equal(reply.status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_path_answers_with_its_representation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_port_is_found_by_protocol_and_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_port_that_is_not_tracked_is_told_with_the_remedy, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_of_the_wrong_form_is_shown_the_right_one, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_paths_do_not_exist, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_methods_are_refused_with_those_that_work, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_body_of_a_refused_request_is_read_and_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(head_is_get_without_the_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_answer_says_what_it_is_and_is_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(before_the_first_report_only_the_process_is_alive, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_round_is_reported_and_has_no_ports, set_up, tear_down),
        cmocka_unit_test_setup_teardown(readiness_ends_three_intervals_after_the_last_success, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_are_counted_by_route_and_code, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_browser_with_many_cookies_is_answered, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
