/* The settings of the agent, from flags, environment and file: a flag beats the environment, which beats the file. */
#pragma once

#include "base/log.h"
#include "model/report.h"

/* An endpoint to watch, and what is expected of it. */
struct watch {
    struct endpoint endpoint;
    enum expected expected;
    size_t given_at; /* its place among all that were given */
};

struct options {
    char **listen_addresses; /* owned, as are the strings */
    size_t listen_address_count;
    char *telemetry_path;     /* owned */
    char *web_config_file;    /* owned; NULL: plain HTTP without a password */
    unsigned max_connections; /* of HTTP, for each listening address */
    unsigned max_connections_per_address;
    char **allowed_hosts; /* owned, as are the strings: names that a Host header may have */
    size_t allowed_host_count;
    char *config_file;     /* owned; NULL: none */
    struct watch *watches; /* owned; by protocol, port, "*" first, then address; no two of one endpoint */
    size_t watch_count;
    bool watch_listeners;
    int64_t interval_ns;
    double cpu_budget; /* share of one core */
    bool probe;
    int64_t probe_interval_ns;
    size_t max_ports;
    int64_t history_ns; /* 0: none is kept */
    bool owners;
    bool every_netns;   /* look at all namespaces */
    char **netns_paths; /* owned, as are the strings: those to look at besides the own */
    size_t netns_path_count;
    char *user; /* owned; whom to become when started as root; NULL: nobody else */
    bool sandbox;
    enum log_level log_level;
    enum log_format log_format;
    bool check_config; /* only check, then end */
};

/*
 * Defaults, then environment, then flags; argv[0] is passed over. Returns 0, the options owned by the caller
 * (options_done); -EINVAL with a reason that shows the right form; -ENOMEM.
 */
must_use int options_parse(int argc, char **argv, struct options *ret_options, struct error *error);
void options_done(struct options *options);

/* Each flag with its argument, default, environment variable and meaning, on standard output. */
void options_print(void);
