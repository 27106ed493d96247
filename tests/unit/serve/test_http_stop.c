#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "report_sample.h"
#include "server.h"

#define LONG_GRACE_MS 8000
#define SHORT_GRACE_MS 200
/* Far from every grace and timeout, and enough for a slow machine. */
#define AT_ONCE_MS 2000
#define SMALL_BUFFER 4096

static int64_t milliseconds_since(int64_t start_ns)
{
    return (clock_monotonic_ns() - start_ns) / CLOCK_NS_PER_MS;
}

/* A report whose JSON no small buffer holds. */
static void publish_much(struct server *server)
{
    struct report *report = report_sample_new();
    for (unsigned port = 1; port <= 1000; port++) {
        char endpoint[16];
        (void)snprintf(endpoint, sizeof(endpoint), "%u", port);
        report_sample_port(report, endpoint, VERDICT_FREE, CAUSE_NONE);
    }
    server_publish(server, report);
}

/* Asks for the report and takes no more than the head of the answer. */
static int open_under_way(struct server *server, struct client_reply *ret_reply)
{
    int fd = client_socket(SMALL_BUFFER);
    assert_return_code(client_connect(fd, server->port), errno);
    client_send(fd, "GET /api/v1/report HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client_read_head(fd, ret_reply);
    assert_true(client_content_length(ret_reply) > 100 * SMALL_BUFFER);
    return fd;
}

/* Asks on a connection that is open and stays so; connection: the header that the answer must have, NULL: none. */
static void ask_on(int fd, const char *connection)
{
    cleanup(client_reply_done) struct client_reply reply;
    client_send(fd, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client_read_head(fd, &reply);
    client_read_body(fd, client_content_length(&reply), &reply);
    assert_string_equal(reply.body.data, "ok\n");
    char line[32];
    const char *found = client_header(&reply, "Connection", line, sizeof(line));
    if (connection == NULL)
        assert_null(found);
    else
        assert_string_equal(found, connection);
}

struct stopping {
    pthread_t thread;
    struct server *server;
    atomic_bool ended;
};

static void *stop(void *argument)
{
    struct stopping *stopping = argument;
    http_stop(stopping->server->http, LONG_GRACE_MS);
    atomic_store(&stopping->ended, true);
    return NULL;
}

static void await_refusal(uint16_t port)
{
    int64_t start_ns = clock_monotonic_ns();
    for (;;) {
        cleanup(cleanup_close) int fd = client_socket(0);
        if (client_connect(fd, port) < 0 && errno == ECONNREFUSED)
            return;
        if (milliseconds_since(start_ns) > AT_ONCE_MS)
            fail_msg("new clients are not refused");
        (void)sched_yield();
    }
}

static void a_request_under_way_finishes_while_new_clients_are_refused(void **state)
{
    (void)state;
    struct server *server = server_start(SMALL_BUFFER);
    publish_much(server);
    cleanup(client_reply_done) struct client_reply reply;
    cleanup(cleanup_close) int fd = open_under_way(server, &reply);

    struct stopping stopping = {.server = server};
    assert_int_equal(pthread_create(&stopping.thread, NULL, stop, &stopping), 0);
    await_refusal(server->port);
    assert_false(atomic_load(&stopping.ended));

    int64_t start_ns = clock_monotonic_ns();
    size_t length = client_content_length(&reply);
    client_read_body(fd, length, &reply);
    assert_int_equal(reply.body.length, length);
    assert_string_equal(reply.body.data + length - 2, "}\n");
    assert_int_equal(pthread_join(stopping.thread, NULL), 0);
    assert_true(milliseconds_since(start_ns) < AT_ONCE_MS);
    server->http = NULL;
    server_stop(server);
}

static void an_open_connection_is_answered_a_last_time_while_another_finishes(void **state)
{
    (void)state;
    struct server *server = server_start(SMALL_BUFFER);
    publish_much(server);
    cleanup(client_reply_done) struct client_reply slow;
    cleanup(cleanup_close) int fd = open_under_way(server, &slow);
    cleanup(cleanup_close) int other = client_open(server->port);
    /* Answered, so accepted: a connection that still waits to be would be refused. */
    ask_on(other, NULL);

    struct stopping stopping = {.server = server};
    assert_int_equal(pthread_create(&stopping.thread, NULL, stop, &stopping), 0);
    await_refusal(server->port);
    ask_on(other, "close");

    cleanup_close(&fd);
    fd = -1;
    assert_int_equal(pthread_join(stopping.thread, NULL), 0);
    server->http = NULL;
    server_stop(server);
}

static void a_client_that_does_not_read_is_waited_for_no_longer_than_the_grace(void **state)
{
    (void)state;
    struct server *server = server_start(SMALL_BUFFER);
    publish_much(server);
    cleanup(client_reply_done) struct client_reply reply;
    cleanup(cleanup_close) int fd = open_under_way(server, &reply);
    int64_t start_ns = clock_monotonic_ns();
    http_stop(steal_ptr(&server->http), SHORT_GRACE_MS);
    assert_true(milliseconds_since(start_ns) >= SHORT_GRACE_MS);
    assert_true(milliseconds_since(start_ns) < SHORT_GRACE_MS + AT_ONCE_MS);
    client_read_body(fd, client_content_length(&reply), &reply);
    assert_true(reply.body.length < client_content_length(&reply));
    server_stop(server);
}

static void connections_without_a_request_do_not_delay_the_end(void **state)
{
    (void)state;
    struct server *server = server_start(0);
    cleanup(cleanup_close) int silent = client_open(server->port);
    cleanup(cleanup_close) int half = client_open(server->port);
    client_send(half, "GET /healthz HTTP/1.1\r\nHost: loc");
    cleanup(cleanup_close) int kept_alive = client_open(server->port);
    ask_on(kept_alive, NULL);
    ask_on(kept_alive, NULL);
    int64_t start_ns = clock_monotonic_ns();
    http_stop(steal_ptr(&server->http), LONG_GRACE_MS);
    assert_true(milliseconds_since(start_ns) < AT_ONCE_MS);
    char byte = 0;
    assert_int_equal(recv(kept_alive, &byte, 1, 0), 0);
    assert_true(silent >= 0);
    server_stop(server);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *directory = opendir("/proc/self/fd");
    assert_non_null(directory);
    while (readdir(directory) != NULL)
        count++;
    assert_return_code(closedir(directory), errno);
    return count;
}

static void nothing_stays_open_after_the_end(void **state)
{
    (void)state;
    size_t before = open_descriptors();
    struct server *server = server_start(0);
    cleanup(client_reply_done) struct client_reply reply;
    client_ask(server->port, "GET", "/healthz", &reply);
    http_stop(steal_ptr(&server->http), LONG_GRACE_MS);
    assert_int_equal(open_descriptors(), before);
    server_stop(server);
}

static void a_start_that_fails_leaves_the_sockets_to_the_caller(void **state)
{
    (void)state;
    struct endpoint endpoint = {0};
    struct endpoint bound = {0};
    cleanup(cleanup_close) int fd = -1;
    assert_return_code(listen_parse("127.0.0.1:0", &endpoint, NULL), 0);
    assert_return_code(listen_open(&endpoint, &fd, &bound, NULL), 0);
    cleanup(board_freep) struct board *board = NULL;
    assert_return_code(board_new(&board), 0);
    const struct log log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_INFO};
    const int listeners[] = {fd, -1};
    const struct http_options options = {.listeners = listeners,
                                         .listener_count = 2,
                                         .telemetry_path = "/metrics",
                                         .max_connections = 1,
                                         .max_connections_per_address = 1,
                                         .board = board,
                                         .log = &log};
    struct http *http = NULL;
    struct error error = {""};
    assert_int_equal(http_start(&options, &http, &error), -EBADF);
    assert_null(http);
    assert_string_not_equal(error.text, "");
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    cleanup(cleanup_close) int client = client_open(bound.port);
    cleanup(cleanup_close) int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    assert_true(accepted >= 0);
    assert_true(client >= 0);
}

static void one_server_answers_on_every_listener(void **state)
{
    (void)state;
    int listeners[2] = {-1, -1};
    struct endpoint bound[2] = {0};
    for (size_t i = 0; i < 2; i++) {
        struct endpoint endpoint = {0};
        assert_return_code(listen_parse("127.0.0.1:0", &endpoint, NULL), 0);
        assert_return_code(listen_open(&endpoint, &listeners[i], &bound[i], NULL), 0);
    }
    cleanup(board_freep) struct board *board = NULL;
    assert_return_code(board_new(&board), 0);
    const struct log log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_INFO};
    const struct http_options options = {.listeners = listeners,
                                         .listener_count = 2,
                                         .telemetry_path = "/metrics",
                                         .max_connections = 1,
                                         .max_connections_per_address = 1,
                                         .board = board,
                                         .log = &log};
    struct http *http = NULL;
    assert_return_code(http_start(&options, &http, NULL), 0);
    for (size_t i = 0; i < 2; i++) {
        cleanup(client_reply_done) struct client_reply reply;
        client_ask(bound[i].port, "GET", "/healthz", &reply);
        assert_int_equal(reply.status, 200);
    }
    http_stop(http, LONG_GRACE_MS);
    await_refusal(bound[0].port);
    await_refusal(bound[1].port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_under_way_finishes_while_new_clients_are_refused),
        cmocka_unit_test(an_open_connection_is_answered_a_last_time_while_another_finishes),
        cmocka_unit_test(a_client_that_does_not_read_is_waited_for_no_longer_than_the_grace),
        cmocka_unit_test(connections_without_a_request_do_not_delay_the_end),
        cmocka_unit_test(nothing_stays_open_after_the_end),
        cmocka_unit_test(a_start_that_fails_leaves_the_sockets_to_the_caller),
        cmocka_unit_test(one_server_answers_on_every_listener),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
