#include "model/report.h"

#include <stdatomic.h>
#include <stdio.h>

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

static void netns_done(struct report_netns *netns)
{
    for (size_t i = 0; i < netns->port_count; i++)
        verdict_done(&netns->ports[i].verdict);
    free(netns->ports);
    free(netns->counts);
    free(netns->listeners);
    free(netns->traffic.entered);
    free(netns->traffic.destinations);
    free(netns->place);
}

void report_unref(struct report *report)
{
    if (report == NULL)
        return;
    struct counted *counted = counted_of(report);
    if (atomic_fetch_sub_explicit(&counted->references, 1, memory_order_acq_rel) != 1)
        return;
    netns_done(&report->netns);
    for (size_t i = 0; i < report->other_count; i++)
        netns_done(&report->others[i]);
    free(report->others);
    free(counted);
}

void report_netns_fail(struct report_netns *netns, const char *failure)
{
    struct report_netns failed = {.failure = ""};
    memcpy(failed.name, netns->name, sizeof(failed.name));
    memcpy(failed.scope, netns->scope, sizeof(failed.scope));
    failed.place = steal_ptr(&netns->place);
    (void)snprintf(failed.failure, sizeof(failed.failure), "%s", failure);
    netns_done(netns);
    *netns = failed;
}

const struct report_netns *report_netns_at(const struct report *report, size_t index)
{
    return index == 0 ? &report->netns : &report->others[index - 1];
}

static bool has_inode(const struct report_netns *netns, const char *name)
{
    static const char prefix[] = "ino-";
    const char *inode = strrchr(netns->id, '/');
    return inode != NULL && strncmp(name, prefix, strlen(prefix)) == 0 && strcmp(inode + 1, name + strlen(prefix)) == 0;
}

const struct report_netns *report_netns_find(const struct report *report, const char *name)
{
    for (size_t i = 0; i <= report->other_count; i++) {
        const struct report_netns *netns = report_netns_at(report, i);
        if (strcmp(netns->name, name) == 0 || has_inode(netns, name))
            return netns;
    }
    return NULL;
}

const struct report_port *report_port_find(const struct report_netns *netns, const struct endpoint *endpoint)
{
    for (size_t i = 0; i < netns->port_count; i++)
        if (endpoint_equal(&netns->ports[i].verdict.endpoint, endpoint))
            return &netns->ports[i];
    return NULL;
}
