/* The running agent: rounds, published, until a signal asks to end. */
#pragma once

#include "chronicle.h"
#include "notify.h"
#include "options.h"
#include "reload.h"
#include "round.h"
#include "serve/http.h"

struct agent {
    struct options options;
    struct log log;
    struct round *round;
    struct board *board;
    struct chronicle chronicle;
    struct http *http;
    struct reload reload;
    struct notify notify;
    unsigned connections; /* --web.max-connections, or as many as there are descriptors for */
    size_t namespaces;    /* beside the own, that there are descriptors for */
    struct report_sandbox sandbox;
    int signals;
    double process_start_seconds; /* since 1970; read once, so that it never moves */
    bool failing;                 /* the last round failed: said once, not every round */
    enum source_kind source;      /* of the last round that succeeded */
    bool netns_missing;           /* in that round, not every namespace that was asked for could be looked at */
};

/*
 * Blocks the signals that agent_run() reads, before any thread starts, so that every thread leaves them to it. Returns
 * 0 or a negative errno.
 */
must_use int agent_open_signals(struct agent *agent);

/* Rounds until SIGTERM or SIGINT; SIGHUP rereads the configuration. */
void agent_run(struct agent *agent);

/* Ends the HTTP server, lets requests under way finish, and frees. signals: -1 when they were not opened. */
void agent_done(struct agent *agent);
