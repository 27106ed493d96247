/* A request as the routes see it: decoded, and without the HTTP library. */
#pragma once

#include "model/endpoint.h"

struct request_argument {
    const char *name;
    const char *value; /* "" when there is none */
};

/* One more than any path takes: of so many, one is unknown or comes twice, so the rest need not be kept. */
#define REQUEST_ARGUMENTS_MAX 4

/* Strings live as long as the request. */
struct request {
    const char *method;
    const char *path; /* without the query */
    struct request_argument arguments[REQUEST_ARGUMENTS_MAX];
    size_t argument_count;
    const char *accept;          /* values of header lines of these names, "" when there is none; */
    const char *accept_encoding; /* several lines of one name count as the first */
    const char *if_none_match;
};

/* The value, "" when it is not given. */
const char *request_argument(const struct request *request, const char *name);

/* The name of the first argument that comes twice, or is none of names, a list that ends with NULL; NULL: all are fine.
 */
const char *request_stray_argument(const struct request *request, const char *const *names);

/*
 * The endpoint that PORT of the path and the arguments protocol (tcp, udp) and address (*, or an IP address with or
 * without brackets) name; left out or empty they are tcp and *. Returns 0, or -EINVAL with a reason that shows the
 * right form.
 */
must_use int request_endpoint(const struct request *request, const char *port, struct endpoint *ret_endpoint,
                              struct error *error);
