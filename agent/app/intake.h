/*
 * What is read of one namespace in each round: its sockets, its settings, its counters. A thrifty one reads only the
 * listeners where there is nothing else, and the rest as soon as the number of sockets changes; settings every 50 s.
 * For each walk of all connections the kernel goes through those of the whole machine.
 */
#pragma once

#include "collect/sockets.h"
#include "collect/sockstat.h"
#include "model/census.h"
#include "model/report.h"
#include "round_options.h"

/* Zero-initialised but for turn is a fresh one. */
struct intake {
    uint64_t turn;           /* any number: spreads over the rounds what is seldom done */
    struct sockets *sockets; /* owned; NULL until it could be opened */
    int64_t due_ns;          /* CLOCK_MONOTONIC: then a thrifty one reads settings again, and looks at segments */
    /* The last walk of all TCP sockets. */
    int64_t whole_ns;                /* CLOCK_MONOTONIC */
    bool quiet;                      /* it met listeners only, as many as sockstat has */
    struct sockstat sockstat;        /* before it */
    int64_t segments;                /* before it; KERNEL_UNKNOWN: not read */
    struct kernel_counters before;   /* it */
    struct kernel_counters counters; /* after it */
    struct kernel_settings settings; /* at the end: what of it is large is mostly never written, and takes no memory */
};

void intake_done(struct intake *intake);

/*
 * Folds every socket into the census, and brings settings and counters up to date, while the thread is in the
 * namespace. Returns 0, or a negative errno with the stage and the reason.
 */
must_use int intake_take(struct intake *intake, const struct round_options *options, struct census *census,
                         int64_t now_ns, enum round_stage *ret_stage, struct error *error);
