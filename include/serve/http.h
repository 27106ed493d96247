/*
 * The HTTP server: libmicrohttpd, one poll thread a listening address. GET and HEAD only; nothing here collects,
 * binds or changes anything.
 */
#pragma once

#include "base/log.h"
#include "config/web.h"
#include "serve/board.h"

struct http;

struct http_options {
    const int *listeners; /* listening sockets; taken over when http_start() returns 0 */
    size_t listener_count;
    bool listeners_are_shared;  /* with a service manager: let go at the end, but not shut down */
    const char *telemetry_path; /* of the metrics; must outlive the server */
    unsigned max_connections;   /* for each listener */
    unsigned max_connections_per_address;
    const char *const *allowed_hosts; /* names that a Host header may have besides addresses and localhost; must outlive
                                         the server */
    size_t allowed_host_count;
    const struct web_config *web; /* TLS and passwords; NULL: neither. Needed while http_start() runs only */
    struct board *board;          /* must outlive the server */
    const struct log *log;        /* likewise */
};

must_use int http_start(const struct http_options *options, struct http **ret_http, struct error *error);

/* Whether http_start() could begin with it. Returns 0, or a negative errno with the reason. */
must_use int http_check(const struct web_config *web, struct error *error);

/*
 * From now on as web says (NULL: no TLS, no passwords): passwords from the next request on, TLS for new connections;
 * those that are open end after one more answer. Returns 0; a negative errno with the reason: then nothing has changed.
 * -EINVAL among others when TLS is to begin or to end: that needs a new server.
 */
must_use int http_secure(struct http *http, const struct web_config *web, struct error *error);

/*
 * Shuts down the connections that are past their deadline; to be called again after the milliseconds that it returns,
 * at the latest. On the thread of http_stop().
 */
must_use int http_reap(struct http *http);

/* Whether clients are to say https. */
bool http_has_tls(const struct http *http);

/* Requests so far by path and code, and those refused, into agent->http. Any thread. */
void http_counts(const struct http *http, struct report_agent *agent);

/*
 * Refuses new clients at once, lets requests under way finish for at most grace_ms, then ends the threads and frees.
 * Connections without a request do not delay it. NULL is fine.
 */
void http_stop(struct http *http, int grace_ms);
