#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "server.h"

#define OPENMETRICS "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"
#define JSON "application/json; charset=utf-8"
#define HTML "text/html; charset=utf-8"
#define TEXT "text/plain; charset=utf-8"

/* value: NULL when there must be no such header. */
static void expect_header(const struct client_reply *reply, const char *name, const char *value)
{
    char line[256];
    const char *found = client_header(reply, name, line, sizeof(line));
    if (value == NULL ? found != NULL : found == NULL || strcmp(found, value) != 0)
        fail_msg("%s is %s, not %s", name, found == NULL ? "absent" : found, value == NULL ? "absent" : value);
}

static void each_answer_says_what_it_is(void **state)
{
    static const struct {
        const char *target;
        const char *accept;
        const char *type;
        const char *vary; /* NULL: made for one client, and not to be kept */
    } cases[] = {
        {"/metrics", "", PROMETHEUS, "Accept, Accept-Encoding"},
        {"/metrics", "Accept: application/json\r\n", PROMETHEUS, "Accept, Accept-Encoding"},
        {"/metrics", "Accept: application/openmetrics-text\r\n", OPENMETRICS, "Accept, Accept-Encoding"},
        {"/api/v1/report", "Accept: application/openmetrics-text\r\n", JSON, "Accept-Encoding"},
        {"/api/v1/ports", "", JSON, "Accept-Encoding"},
        {"/", "", HTML, "Accept-Encoding"},
        {"/page/app.js", "", "text/javascript; charset=utf-8", "Accept-Encoding"},
        {"/page/style.css", "", "text/css; charset=utf-8", "Accept-Encoding"},
        {"/page/icon.svg", "", "image/svg+xml", "Accept-Encoding"},
        {"/api/v1/ports/8080", "", JSON, NULL},
        {"/nowhere", "", JSON, NULL},
        {"/healthz", "", TEXT, NULL},
        {"/readyz", "", TEXT, NULL},
    };
    struct server *server = *state;
    server_publish_ports(server);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup(client_reply_done) struct client_reply reply;
        client_ask_with(server->port, "GET", cases[i].target, cases[i].accept, &reply);
        expect_header(&reply, "Content-Type", cases[i].type);
        expect_header(&reply, "Vary", cases[i].vary);
        expect_header(&reply, "Cache-Control", cases[i].vary == NULL ? "no-store" : "no-cache");
        char line[BOARD_TAG_MAX];
        assert_int_equal(client_header(&reply, "ETag", line, sizeof(line)) == NULL, cases[i].vary == NULL);
        assert_int_equal(client_content_length(&reply), reply.body.length);
    }
}

static void every_answer_is_closed_to_other_sites(void **state)
{
    static const struct {
        const char *method;
        const char *target;
        int status;
    } cases[] = {
        {"GET", "/metrics", 200},  {"GET", "/api/v1/ports/x", 400}, {"GET", "/nowhere", 404},
        {"POST", "/metrics", 405}, {"OPTIONS", "/metrics", 405},    {"HEAD", "/healthz", 200},
    };
    struct server *server = *state;
    server_publish_ports(server);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup(client_reply_done) struct client_reply reply;
        client_ask_with(server->port, cases[i].method, cases[i].target, "Origin: http://localhost\r\n", &reply);
        assert_int_equal(reply.status, cases[i].status);
        expect_header(&reply, "X-Content-Type-Options", "nosniff");
        expect_header(&reply, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        expect_header(&reply, "X-Frame-Options", "DENY");
        expect_header(&reply, "Referrer-Policy", "no-referrer");
        expect_header(&reply, "Cross-Origin-Resource-Policy", "same-origin");
        assert_null(strcasestr(reply.head.data, "\r\nAccess-Control-"));
    }
}

static void a_page_is_compressed_for_those_who_take_it(void **state)
{
    static const char *const targets[] = {"/metrics", "/api/v1/report", "/api/v1/ports"};
    struct server *server = *state;
    server_publish_ports(server);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        cleanup(client_reply_done) struct client_reply plain;
        cleanup(client_reply_done) struct client_reply compressed;
        client_ask_with(server->port, "GET", targets[i], "Accept-Encoding: gzip;q=0\r\n", &plain);
        client_ask_with(server->port, "GET", targets[i], "Accept-Encoding: gzip, br\r\n", &compressed);
        expect_header(&plain, "Content-Encoding", NULL);
        expect_header(&compressed, "Content-Encoding", "gzip");
        char vary[64];
        expect_header(&plain, "Vary", client_header(&compressed, "Vary", vary, sizeof(vary)));
        assert_memory_equal(compressed.body.data, "\x1f\x8b", 2);
        assert_true(compressed.body.length < plain.body.length / 2);
    }
}

static void what_is_made_for_one_client_is_not_compressed(void **state)
{
    static const char *const targets[] = {"/api/v1/ports/8080", "/healthz", "/nowhere"};
    struct server *server = *state;
    server_publish_ports(server);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        cleanup(client_reply_done) struct client_reply reply;
        client_ask_with(server->port, "GET", targets[i], "Accept-Encoding: gzip\r\n", &reply);
        expect_header(&reply, "Content-Encoding", NULL);
    }
}

/* With that tag: 304 as long as it names what would be sent, 200 from then on. */
static void expect_status(struct server *server, const char *method, const char *headers, const char *tag, int status)
{
    char lines[256];
    (void)snprintf(lines, sizeof(lines), "%sIf-None-Match: %s\r\n", headers, tag);
    cleanup(client_reply_done) struct client_reply reply;
    client_ask_with(server->port, method, "/metrics", lines, &reply);
    assert_int_equal(reply.status, status);
    expect_header(&reply, "Vary", "Accept, Accept-Encoding");
    expect_header(&reply, "Cache-Control", "no-cache");
    if (status == 304) {
        assert_int_equal(reply.body.length, 0);
        expect_header(&reply, "Content-Type", NULL);
        expect_header(&reply, "Content-Encoding", NULL);
        if (strcmp(tag, "*") != 0)
            expect_header(&reply, "ETag", tag);
    }
}

static void a_client_that_has_the_page_is_not_sent_it_again(void **state)
{
    static const char *const forms[] = {
        "",
        "Accept-Encoding: gzip\r\n",
        "Accept: application/openmetrics-text\r\n",
        "Accept: application/openmetrics-text\r\nAccept-Encoding: gzip\r\n",
    };
    struct server *server = *state;
    server_publish_ports(server);
    char tags[4][BOARD_TAG_MAX];
    for (size_t i = 0; i < 4; i++) {
        cleanup(client_reply_done) struct client_reply reply;
        client_ask_with(server->port, "GET", "/metrics", forms[i], &reply);
        assert_non_null(client_header(&reply, "ETag", tags[i], sizeof(tags[i])));
    }
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 4; j++) {
            expect_status(server, "GET", forms[i], tags[j], i == j ? 304 : 200);
            expect_status(server, "HEAD", forms[i], tags[j], i == j ? 304 : 200);
        }
    expect_status(server, "GET", "", "*", 304);
    server_publish_ports(server);
    for (size_t i = 0; i < 4; i++)
        expect_status(server, "GET", forms[i], tags[i], 200);
}

static void the_tag_of_a_failed_round_does_not_hide_that_it_failed(void **state)
{
    struct server *server = *state;
    server_publish(server, report_sample_failed());
    cleanup(client_reply_done) struct client_reply reply;
    client_ask_with(server->port, "GET", "/api/v1/ports", "If-None-Match: *\r\n", &reply);
    assert_int_equal(reply.status, 503);
    expect_header(&reply, "Cache-Control", "no-store");
}

/* But for the date. */
static void expect_same_head(const struct client_reply *one, const struct client_reply *other)
{
    const char *one_date = strstr(one->head.data, "\r\nDate: ");
    const char *other_date = strstr(other->head.data, "\r\nDate: ");
    assert_non_null(one_date);
    assert_non_null(other_date);
    assert_int_equal(one_date - one->head.data, other_date - other->head.data);
    assert_memory_equal(one->head.data, other->head.data, (size_t)(one_date - one->head.data));
    assert_string_equal(strstr(one_date + 2, "\r\n"), strstr(other_date + 2, "\r\n"));
}

static void head_has_the_headers_of_get(void **state)
{
    static const char *const targets[] = {"/metrics", "/api/v1/report",  "/api/v1/ports/8080",
                                          "/readyz",  "/api/v1/ports/x", "/nowhere"};
    static const char *const headers[] = {"", "Accept-Encoding: gzip\r\nAccept: application/openmetrics-text\r\n"};
    struct server *server = *state;
    server_publish_ports(server);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        for (size_t j = 0; j < 2; j++) {
            cleanup(client_reply_done) struct client_reply get;
            cleanup(client_reply_done) struct client_reply head;
            client_ask_with(server->port, "GET", targets[i], headers[j], &get);
            client_ask_with(server->port, "HEAD", targets[i], headers[j], &head);
            expect_same_head(&get, &head);
            assert_int_equal(head.body.length, 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_answer_says_what_it_is, server_set_up, server_tear_down),
        cmocka_unit_test_setup_teardown(every_answer_is_closed_to_other_sites, server_set_up, server_tear_down),
        cmocka_unit_test_setup_teardown(a_page_is_compressed_for_those_who_take_it, server_set_up, server_tear_down),
        cmocka_unit_test_setup_teardown(what_is_made_for_one_client_is_not_compressed, server_set_up, server_tear_down),
        cmocka_unit_test_setup_teardown(a_client_that_has_the_page_is_not_sent_it_again, server_set_up,
                                        server_tear_down),
        cmocka_unit_test_setup_teardown(the_tag_of_a_failed_round_does_not_hide_that_it_failed, server_set_up,
                                        server_tear_down),
        cmocka_unit_test_setup_teardown(head_has_the_headers_of_get, server_set_up, server_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
