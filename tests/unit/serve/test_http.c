#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "report_sample.h"
#include "server.h"

static void expect_header(const struct client_reply *reply, const char *name, const char *value)
{
    char line[256];
    const char *found = client_header(reply, name, line, sizeof(line));
    if (found == NULL || strcmp(found, value) != 0)
        fail_msg("%s is %s, not %s", name, found == NULL ? "absent" : found, value);
}

static void other_methods_are_refused_with_those_that_work(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "PROPFIND"};
    static const char *const targets[] = {"/metrics", "/api/v1/ports", "/api/v1/ports/8080", "/healthz", "/-/ready"};
    struct server *server = *state;
    server_publish_ports(server);
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
    client_send(fd, "POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 1000; i++)
        client_send(
            fd, "one hundred bytes: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    client_send(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
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
    server_publish_ports(server);
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

    server_expect(server, "GET", "/metrics", 503, "");
    server_publish_ports(server);
    server_expect(server, "GET", "/metrics", 200, "");
    server_expect(server, "GET", "/-/healthy", 200, "");
    server_expect(server, "GET", "/healthz", 200, "");
    server_expect(server, "POST", "/readyz", 405, "");
    server_expect(server, "GET", "/api/v1/ports/8080", 200, "");
    server_expect(server, "GET", "/api/v1/ports/1", 404, "");
    server_expect(server, "GET", "/api/v1/ports/x", 400, "");
    server_expect(server, "GET", "/one", 404, "");
    server_expect(server, "GET", "/two", 404, "");

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
        cmocka_unit_test_setup_teardown(other_methods_are_refused_with_those_that_work, server_set_up,
                                        server_tear_down),
        cmocka_unit_test_setup_teardown(the_body_of_a_refused_request_is_read_and_dropped, server_set_up,
                                        server_tear_down),
        cmocka_unit_test_setup_teardown(head_is_get_without_the_body, server_set_up, server_tear_down),
        cmocka_unit_test_setup_teardown(requests_are_counted_by_route_and_code, server_set_up, server_tear_down),
        cmocka_unit_test_setup_teardown(a_browser_with_many_cookies_is_answered, server_set_up, server_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
