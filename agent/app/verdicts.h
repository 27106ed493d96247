/*
 * One endpoint's verdict: makes the test-binds that are due, judges, and takes a closer look where the first one leaves
 * a doubt. Remembers the test-binds, so that each endpoint is bound at most once a probe interval, and once when its
 * sockets have changed.
 */
#pragma once

#include "collect/sockets.h"
#include "model/census.h"
#include "model/verdict.h"

struct verdicts;

struct verdicts_options {
    bool probe;
    int64_t probe_interval_ns;
};

must_use int verdicts_new(const struct verdicts_options *options, struct verdicts **ret_verdicts);
/* Between two rounds. */
void verdicts_configure(struct verdicts *verdicts, const struct verdicts_options *options);
void verdicts_free(struct verdicts *verdicts);

/* What one round knows. */
struct verdicts_round {
    struct sockets *sockets;
    const struct kernel_settings *settings;
    struct ownership *ownership; /* told what a closer look finds out */
    int64_t now_ns;              /* CLOCK_MONOTONIC */
};

/* Endpoints that are not asked for between begin and end are forgotten. */
void verdicts_begin(struct verdicts *verdicts);
/*
 * Endpoints must be asked for in the order of the report (endpoint_order), each once. holders: all sockets of
 * its port in this round. Returns 0, the verdict owned by the caller; or -ENOMEM.
 */
must_use int verdicts_ask(struct verdicts *verdicts, const struct verdicts_round *round,
                          const struct endpoint *endpoint, const struct holders *holders, struct verdict *ret_verdict);
void verdicts_end(struct verdicts *verdicts);

/* Test-binds made, and those that could not be made, so far. */
uint64_t verdicts_probes(const struct verdicts *verdicts);
uint64_t verdicts_probe_failures(const struct verdicts *verdicts);
