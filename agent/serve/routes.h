/* Which request gets which answer: a table of paths. Reads the board and the clock, nothing else. */
#pragma once

#include "answer.h"
#include "request.h"

/* Under which name a request is counted; aliases count as what they stand for. */
enum route {
    ROUTE_PAGE,
    ROUTE_ASSET,
    ROUTE_METRICS,
    ROUTE_REPORT,
    ROUTE_PORTS,
    ROUTE_PORT,
    ROUTE_HISTORY,
    ROUTE_EVENTS,
    ROUTE_HEALTHZ,
    ROUTE_READYZ,
    ROUTE_OTHER, /* paths that do not exist */
};
#define ROUTE_COUNT 11

struct routes {
    const char *telemetry_path;
    struct board *board;
};

/* "/api/v1/ports/:port"; ROUTE_METRICS has the path that the user gave it. */
const char *routes_name(const struct routes *routes, enum route route);

/* The route of a path; ROUTE_OTHER when it does not exist. */
enum route routes_find(const struct routes *routes, const char *path);

/* ret_answer: to be zero before. Returns 0, or -ENOMEM when not even an error can be told. */
must_use int routes_answer(const struct routes *routes, const struct request *request, struct answer *ret_answer);
