#include "model/report.h"

#include <stdatomic.h>

/* The count stands before the report, so that a report itself stays a plain, immutable value. */
struct counted {
    atomic_size_t references;
    struct report report;
};

const double report_duration_bounds[REPORT_DURATION_BUCKETS] = {0.0005, 0.001, 0.0025, 0.01, 0.05, 0.25, 1, 5};

const char *round_stage_name(enum round_stage stage)
{
    switch (stage) {
    case STAGE_OPEN:
        return "open";
    case STAGE_TCP:
        return "tcp";
    case STAGE_UDP:
        return "udp";
    case STAGE_KERNEL:
        return "kernel";
    case STAGE_JUDGE:
        return "judge";
    }
    return "?";
}

const char *expected_name(enum expected expected)
{
    switch (expected) {
    case EXPECTED_NOTHING:
        return NULL;
    case EXPECTED_LISTENING:
        return "listening";
    case EXPECTED_FREE:
        return "free";
    }
    return NULL;
}

static struct counted *counted_of(struct report *report)
{
    return (struct counted *)((char *)report - offsetof(struct counted, report));
}

struct report *report_new(void)
{
    struct counted *counted = calloc(1, sizeof(*counted));
    if (counted == NULL)
        return NULL;
    atomic_init(&counted->references, 1);
    return &counted->report;
}

struct report *report_ref(struct report *report)
{
    atomic_fetch_add_explicit(&counted_of(report)->references, 1, memory_order_relaxed);
    return report;
}

void report_unref(struct report *report)
{
    if (report == NULL)
        return;
    struct counted *counted = counted_of(report);
    if (atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) != 1)
        return;
    struct report_netns *netns = &report->netns;
    for (size_t i = 0; i < netns->port_count; i++)
        verdict_done(&netns->ports[i].verdict);
    free(netns->ports);
    free(netns->counts);
    free(netns->listeners);
    free(netns->traffic.entered);
    free(counted);
}

const struct report_port *report_port_find(const struct report *report, const struct endpoint *endpoint)
{
    for (size_t i = 0; i < report->netns.port_count; i++)
        if (endpoint_equal(&report->netns.ports[i].verdict.endpoint, endpoint))
            return &report->netns.ports[i];
    return NULL;
}
