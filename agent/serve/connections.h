/*
 * The open connections of one listener: who may open another, which must make way, and until when each may go on.
 * libmicrohttpd ends connections that are silent; this ends those that keep talking and never come to an end.
 * Thread-safe. Times are CLOCK_MONOTONIC.
 */
#pragma once

#include "model/endpoint.h"

/* A request must be complete so long after its connection was opened or the answer before it had left, and its answer
 * must have left so long after it was made. */
#define CONNECTIONS_DEADLINE_NS INT64_C(5250000000)

struct connections;
struct connection;
struct tls;

/* Returns 0 or -ENOMEM. */
must_use int connections_new(size_t max, size_t max_per_address, struct connections **ret_connections);
/* When none is open any more. NULL is fine. */
void connections_free(struct connections *connections);

/* Whether the address, unmapped, may open one more. */
bool connections_admit(struct connections *connections, const struct address *address);

/*
 * A new one, whose descriptor stays the caller's. *ret_made_way: there is one too many now, and the one that has waited
 * longest for a request was shut down for it. NULL when even the one place above max is taken.
 */
struct connection *connections_open(struct connections *connections, int fd, const struct address *address,
                                    int64_t now_ns, bool *ret_made_way);
/* What it is secured with: the caller's, not looked at here. NULL at first. */
void connections_set_tls(struct connection *connection, struct tls *tls);
struct tls *connections_tls(const struct connection *connection);

/* Before its descriptor is closed. */
void connections_close(struct connections *connections, struct connection *connection);

/* A request has begun: its head is there. */
void connections_begin(struct connections *connections, struct connection *connection);
/* Its answer is made, and now has to leave. */
void connections_answer(struct connections *connections, struct connection *connection, int64_t now_ns);
/* It has ended, in whatever way. */
void connections_end(struct connections *connections, struct connection *connection, int64_t now_ns);

/*
 * Shuts down each that is past its deadline; returns how many. *ret_next_ns: when the next deadline is at the earliest,
 * those of connections that are yet to be opened included.
 */
size_t connections_reap(struct connections *connections, int64_t now_ns, int64_t *ret_next_ns);

/* Waits until no request is under way, at most until end_ns. */
void connections_await_idle(struct connections *connections, int64_t end_ns);
