/*
 * What the agent was told, read again while it runs: on SIGHUP all of it, and the web config file when it changes. What
 * is wrong changes nothing and is said: in the log, as an event, in the metrics.
 */
#pragma once

#include "chronicle.h"
#include "config/web.h"
#include "options.h"
#include "round.h"
#include "serve/http.h"

struct reload {
    int argc; /* of the command: flags, as the environment, stay what they were */
    char **argv;
    struct options *options; /* in force; changed as a whole */
    struct log *log;         /* likewise */
    struct chronicle *chronicle;
    struct round *round;
    struct http *http;
    struct web_sources web_sources; /* of the last try */
    struct options started;         /* once others are in force: those of the start, to which HTTP still points */
    bool settings_wrong;            /* the last time that they were read */
    bool web_wrong;
    int64_t succeeded_ns; /* CLOCK_REALTIME of the last success; the start is one */
};

/*
 * The web config that the options name, as one that a server can use; with none, neither TLS nor passwords. As
 * web_config_load().
 */
must_use int reload_read_web(const struct options *options, struct web_sources *sources, struct web_config *ret_web,
                             struct error *error);

/* The agent has started, and its rights are what they will be: warns of files that it could not read again. */
void reload_begin(struct reload *reload, struct round *round, struct http *http);
void reload_done(struct reload *reload);

/* Between two rounds: reads everything again, and takes it as a whole or not at all. */
void reload_all(struct reload *reload);

/* Between two rounds: reads the web config again if it has changed. */
void reload_web_if_changed(struct reload *reload);

/* What came of it, into agent->reload. */
void reload_fill(const struct reload *reload, struct report_agent *agent);
