/*
 * The HTTP server: libmicrohttpd, one poll thread a listening address. GET and HEAD only; nothing here collects,
 * binds or changes anything.
 */
#pragma once

#include "base/log.h"
#include "serve/board.h"

struct http;

struct http_options {
    const int *listeners; /* listening sockets; taken over when http_start() returns 0 */
    size_t listener_count;
    const char *telemetry_path; /* of the metrics; must outlive the server */
    struct board *board;        /* must outlive the server */
    const struct log *log;      /* likewise */
};

must_use int http_start(const struct http_options *options, struct http **ret_http, struct error *error);

/* Requests so far by path and code, and those refused, into agent->http. Any thread. */
void http_counts(const struct http *http, struct report_agent *agent);

/*
 * Refuses new clients at once, lets requests under way finish for at most grace_ms, then ends the threads and frees.
 * Connections without a request do not delay it. NULL is fine.
 */
void http_stop(struct http *http, int grace_ms);
