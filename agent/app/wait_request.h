/* What `tidewait wait` was asked for. */
#pragma once

#include "endpoints.h"
#include "netns_argument.h"
#include "waiter.h"

struct wait_request {
    struct endpoints endpoints;
    enum wait_goal goal;
    int64_t timeout_ns;
    struct netns_argument netns;
    bool reuseaddr;
    bool json;
    bool verbose;
};

/* Returns an exit code: EXIT_FREE to go on, else what is wrong has been said. In any case wait_request_done(). */
int wait_request_read(int argc, char **argv, struct wait_request *request);
void wait_request_done(struct wait_request *request);
