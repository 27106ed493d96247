/* A server on a free port of 127.0.0.1, for the tests of this layer. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/clock.h"
#include "client.h"
#include "report_sample.h"
#include "serve/http.h"
#include "serve/listen.h"

struct server {
    struct board *board; /* empty */
    struct log log;
    struct http *http; /* NULL: stopped already */
    uint16_t port;
};

/* send_bytes: of the send buffer of each connection, 0: as the kernel likes. web: TLS and passwords, or NULL. */
static inline struct server *server_start_with(int send_bytes, const struct web_config *web)
{
    struct server *server = calloc(1, sizeof(*server));
    assert_non_null(server);
    struct endpoint endpoint = {0};
    struct endpoint bound = {0};
    int fd = -1;
    assert_return_code(listen_parse("127.0.0.1:0", &endpoint, NULL), 0);
    assert_return_code(listen_open(&endpoint, &fd, &bound, NULL), 0);
    /* Connections inherit it. */
    if (send_bytes > 0)
        assert_return_code(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes)), errno);
    assert_return_code(board_new(&server->board), 0);
    server->log = (struct log){.fd = STDERR_FILENO, .level = LOG_LEVEL_INFO};
    const struct http_options options = {.listeners = &fd,
                                         .listener_count = 1,
                                         .telemetry_path = "/metrics",
                                         .max_connections = 64,
                                         .max_connections_per_address = 16,
                                         .web = web,
                                         .board = server->board,
                                         .log = &server->log};
    assert_return_code(http_start(&options, &server->http, NULL), 0);
    server->port = bound.port;
    return server;
}

static inline struct server *server_start(int send_bytes)
{
    return server_start_with(send_bytes, NULL);
}

static inline void server_stop(struct server *server)
{
    http_stop(server->http, 1000);
    board_free(server->board);
    free(server);
}

/* For cmocka: *state is a started server. */
static inline int server_set_up(void **state)
{
    *state = server_start(0);
    return 0;
}

static inline int server_tear_down(void **state)
{
    server_stop(*state);
    return 0;
}

static inline void server_publish(struct server *server, struct report *report)
{
    assert_return_code(board_publish(server->board, report), 0);
}

static inline struct moment server_seconds_ago(int seconds)
{
    struct moment moment = clock_now();
    moment.monotonic_ns -= seconds * CLOCK_NS_PER_S;
    moment.realtime_ns -= seconds * CLOCK_NS_PER_S;
    return moment;
}

/* The sample host, up to date: six ports, and [::1]:9000. */
static inline void server_publish_ports(struct server *server)
{
    struct report *report = report_sample_host();
    report_sample_port(report, "[::1]:9000", VERDICT_FREE, CAUSE_NONE);
    report->agent.last_success = server_seconds_ago(0);
    server_publish(server, report);
}

/* The answer has this status, and the part somewhere in its body. */
static inline void server_expect(struct server *server, const char *method, const char *target, int status,
                                 const char *part)
{
    cleanup(client_reply_done) struct client_reply reply;
    client_ask(server->port, method, target, &reply);
    if (reply.status != status || reply.body.length == 0 || strstr(reply.body.data, part) == NULL)
        fail_msg("%s %s: %d, not %d with %s: %s", method, target, reply.status, status, part,
                 reply.body.length > 0 ? reply.body.data : "");
}
