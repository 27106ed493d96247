#include <stdio.h>

#include "base/version.h"
#include "metrics_parts.h"

static void rounds(struct exposition *out, const struct report_agent *agent)
{
    exposition_integer(out, METRIC_ROUNDS_TOTAL, NULL, agent->rounds);
    for (size_t stage = 0; stage < ROUND_STAGE_COUNT; stage++)
        exposition_integer(out, METRIC_ROUND_FAILURES_TOTAL,
                           LABELS({"stage", round_stage_name((enum round_stage)stage)}), agent->round_failures[stage]);
    exposition_histogram(out, METRIC_ROUND_DURATION_SECONDS, report_duration_bounds, REPORT_DURATION_BUCKETS,
                         agent->duration_buckets, agent->duration_sum_seconds);

    bool ever_succeeded = agent->last_success.realtime_ns != 0;
    if (ever_succeeded)
        exposition_integer(out, METRIC_ROUND_SOCKETS, NULL, agent->round_sockets);
    exposition_real(out, METRIC_INTERVAL_SECONDS, NULL, agent->interval_seconds);
    if (ever_succeeded)
        exposition_real(out, METRIC_LAST_ROUND_SUCCESS_TIMESTAMP_SECONDS, NULL,
                        (double)(agent->last_success.realtime_ns / CLOCK_NS_PER_MS) / 1000);
}

static void http(struct exposition *out, const struct report_agent *agent)
{
    for (size_t i = 0; i < agent->http_count; i++) {
        const struct report_http_count *count = &agent->http[i];
        char code[16];
        (void)snprintf(code, sizeof(code), "%d", count->code);
        exposition_integer(out, METRIC_HTTP_REQUESTS_TOTAL, LABELS({"path", count->path}, {"code", code}),
                           count->requests);
    }
    for (size_t i = 0; i < agent->http_rejected_count; i++)
        exposition_integer(out, METRIC_HTTP_REJECTED_TOTAL, LABELS({"reason", agent->http_rejected[i].reason}),
                           agent->http_rejected[i].count);
}

/* None of these can be zero while the process runs: a zero was not measured. */
static void process_gauge(struct exposition *out, enum metric metric, uint64_t value)
{
    if (value != 0)
        exposition_integer(out, metric, NULL, value);
}

static void process(struct exposition *out, const struct report_agent *agent)
{
    exposition_real(out, METRIC_PROCESS_CPU_SECONDS_TOTAL, NULL, agent->process_cpu_seconds);
    process_gauge(out, METRIC_PROCESS_RESIDENT_MEMORY_BYTES, agent->process_resident_bytes);
    process_gauge(out, METRIC_PROCESS_OPEN_FDS, agent->process_open_fds);
    process_gauge(out, METRIC_PROCESS_MAX_FDS, agent->process_max_fds);
    if (agent->process_start_seconds > 0)
        exposition_real(out, METRIC_PROCESS_START_TIME_SECONDS, NULL, agent->process_start_seconds);
}

static void reload(struct exposition *out, const struct report_reload *reload)
{
    if (!reload->known)
        return;
    exposition_integer(out, METRIC_CONFIG_LAST_RELOAD_SUCCESSFUL, NULL, reload->successful);
    exposition_real(out, METRIC_CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS, NULL,
                    (double)(reload->succeeded_ns / CLOCK_NS_PER_MS) / 1000);
}

void metrics_agent(struct exposition *out, const struct report_agent *agent)
{
    rounds(out, agent);
    exposition_integer(out, METRIC_NETNS, LABELS({"state", "watched"}), agent->netns_watched);
    exposition_integer(out, METRIC_NETNS, LABELS({"state", "unreachable"}), agent->netns_unreachable);
    exposition_integer(out, METRIC_NETNS_HIDDEN_PROCESSES, NULL, agent->netns_hidden);
    exposition_integer(out, METRIC_PROBES_TOTAL, NULL, agent->probes);
    exposition_integer(out, METRIC_PROBE_FAILURES_TOTAL, NULL, agent->probe_failures);
    http(out, agent);
    reload(out, &agent->reload);
    exposition_integer(out, METRIC_BUILD_INFO,
                       LABELS({"version", TIDEWAIT_VERSION}, {"revision", TIDEWAIT_REVISION},
                              {"compiler", TIDEWAIT_COMPILER}, {"libmicrohttpd", TIDEWAIT_LIBMICROHTTPD}),
                       1);
    process(out, agent);
}
