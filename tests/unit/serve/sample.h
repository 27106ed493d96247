/* Reports made by hand, for the tests of this layer. */
#pragma once

#include <cmocka.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>

#include "model/report.h"

#define SAMPLE_INTERVAL_SECONDS 5

/* A round that succeeded just now and tracks nothing; owned by the caller. */
static inline struct report *sample_report(const char *host)
{
    struct report *report = report_new();
    assert_non_null(report);
    report->taken_at = clock_now();
    (void)snprintf(report->host, sizeof(report->host), "%s", host);
    (void)snprintf(report->netns.name, sizeof(report->netns.name), "self");
    (void)snprintf(report->netns.scope, sizeof(report->netns.scope), "host");
    report->agent.interval_seconds = SAMPLE_INTERVAL_SECONDS;
    report->agent.last_success = report->taken_at;
    return report;
}

/* A round that failed; age_ns: how long ago the last one succeeded, negative: never. */
static inline struct report *sample_failure(int64_t age_ns)
{
    struct report *report = sample_report("failing");
    report->failed = true;
    report->failed_stage = STAGE_TCP;
    (void)snprintf(report->failure, sizeof(report->failure), "the kernel refuses the dump");
    report->agent.last_success.monotonic_ns -= age_ns;
    if (age_ns < 0)
        report->agent.last_success = (struct moment){0};
    return report;
}

/* Tracks these endpoints, all of them free. */
static inline void sample_track(struct report *report, const struct endpoint *endpoints, size_t count)
{
    report->netns.ports = calloc(count, sizeof(*report->netns.ports));
    assert_non_null(report->netns.ports);
    report->netns.port_count = count;
    for (size_t i = 0; i < count; i++) {
        struct verdict *verdict = &report->netns.ports[i].verdict;
        verdict->endpoint = endpoints[i];
        verdict->kind = VERDICT_FREE;
        verdict->cause = CAUSE_NONE;
        verdict->plain = verdict->reuseaddr = (struct frees){.kind = FREES_AFTER, .seconds = 0};
    }
}
