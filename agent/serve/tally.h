/* What the server has answered, and what it has refused, since it started. Thread-safe. */
#pragma once

#include <stdatomic.h>

#include "routes.h"

/* Every status that a route answers with. */
#define TALLY_STATUS_COUNT 10

/* Why a connection or a request was refused; the label of http_rejected_total. */
enum rejection {
    REJECTION_HOST,        /* the Host header is missing, twice there, or no name of ours */
    REJECTION_AUTH,        /* no password, a wrong one, or too many of them */
    REJECTION_METHOD,      /* neither GET nor HEAD */
    REJECTION_DEADLINE,    /* the request, or taking the answer, took too long */
    REJECTION_CONNECTIONS, /* too many: one that asked for nothing made way for a new one */
    REJECTION_PER_ADDRESS, /* too many from one address: the new one was closed */
};
#define REJECTION_COUNT 6

/* Zero-initialised: nothing yet. */
struct tally {
    atomic_uint_fast64_t requests[ROUTE_COUNT][TALLY_STATUS_COUNT];
    atomic_uint_fast64_t rejections[REJECTION_COUNT];
};

void tally_request(struct tally *tally, enum route route, unsigned status);
void tally_rejections(struct tally *tally, enum rejection rejection, uint64_t count);

/* Into agent->http and agent->http_rejected: requests that there were, and each reason of a rejection. */
void tally_report(const struct tally *tally, const struct routes *routes, struct report_agent *agent);
