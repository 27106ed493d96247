#include "render/json.h"

#include <errno.h>

#include "base/version.h"
#include "json_traffic.h"
#include "json_verdict.h"
#include "model/standing.h"
#include "view.h"

#define NS_PER_S 1e9

static bool add_states(cJSON *object, const char *key, const struct report_netns *netns, enum protocol protocol,
                       const uint64_t states[static SOCK_STATE_COUNT])
{
    cJSON *json = json_add_object(object, key);
    for (enum sock_state state = SOCK_ESTABLISHED; state < SOCK_STATE_COUNT; state++)
        if (view_state_is_shown(netns, protocol, state) &&
            !json_add_number(json, sock_state_name(state), (double)states[state]))
            return false;
    return json != NULL;
}

static bool add_accept_queue(cJSON *object, const struct verdict *verdict)
{
    const struct holder *listener = verdict_accept_queue(verdict);
    if (listener == NULL)
        return json_add_null(object, "accept_queue");
    cJSON *json = json_add_object(object, "accept_queue");
    return json_add_number(json, "length", listener->queue_length) &&
           (listener->queue_limit == SOCK_QUEUE_LIMIT_UNKNOWN ? json_add_null(json, "limit")
                                                              : json_add_number(json, "limit", listener->queue_limit));
}

static bool add_longest_time_wait(cJSON *object, const struct report_port *port)
{
    const char *key = "longest_time_wait_seconds";
    if (port->verdict.endpoint.protocol != PROTOCOL_TCP)
        return json_add_null(object, key);
    return json_add_seconds(object, key, port->longest_time_wait_ms / 1000.0);
}

static bool add_entered(cJSON *object, const struct report_port *port)
{
    const char *key = "time_wait_entered_total";
    return port->entered_known ? json_add_number(object, key, (double)port->time_wait_entered_total)
                               : json_add_null(object, key);
}

static bool add_restart(cJSON *object, const struct verdict *verdict)
{
    enum restart restart = RESTART_UNKNOWN;
    if (verdict_restart(verdict, &restart) && (restart == RESTART_SAFE || restart == RESTART_UNSAFE))
        return json_add_bool(object, "restart_safe", restart == RESTART_SAFE);
    return json_add_null(object, "restart_safe");
}

static bool add_row(cJSON *object, const struct report *report, const struct report_netns *netns,
                    const struct report_port *port)
{
    const struct verdict *verdict = &port->verdict;
    const char *expected = expected_name(port->expected);
    return json_verdict_add(object, verdict, netns->name, report->taken_at.realtime_ns) &&
           add_states(object, "states", netns, verdict->endpoint.protocol, port->states) &&
           add_accept_queue(object, verdict) && add_longest_time_wait(object, port) && add_entered(object, port) &&
           add_restart(object, verdict) &&
           json_add_text_or_null(object, "expected", expected != NULL ? expected : "") &&
           json_add_bool(object, "in_ephemeral_range", port->in_ephemeral_range) &&
           json_add_text(object, "standing", standing_name(standing_of(port))) &&
           json_add_time_ms(object, "taken_at", report->taken_at.realtime_ns) &&
           json_add_text_or_null(object, "netns_id", netns->id);
}

static bool add_rows(cJSON *array, const struct report *report, const struct report_netns *netns)
{
    for (size_t i = 0; i < netns->port_count; i++)
        if (!add_row(json_add_row(array), report, netns, &netns->ports[i]))
            return false;
    return array != NULL;
}

static bool add_all_rows(cJSON *object, const struct report *report)
{
    cJSON *array = json_add_array(object, "ports");
    for (size_t i = 0; i <= report->other_count; i++)
        if (!add_rows(array, report, report_netns_at(report, i)))
            return false;
    return array != NULL;
}

static bool add_error(cJSON *object, const char *code, const char *message)
{
    cJSON *json = json_add_object(object, "error");
    return json_add_text(json, "code", code) && json_add_text(json, "message", message);
}

static bool add_totals(cJSON *object, const struct report_netns *netns)
{
    cJSON *totals = json_add_object(object, "totals");
    for (enum protocol protocol = PROTOCOL_TCP; protocol < PROTOCOL_COUNT; protocol++) {
        cJSON *families = json_add_object(totals, protocol_name(protocol));
        for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
            if (!add_states(families, family_name(family), netns, protocol, netns->totals[protocol][family]))
                return false;
    }
    return true;
}

static bool add_kernel_value(cJSON *object, const char *key, int64_t value)
{
    return value == KERNEL_UNKNOWN ? json_add_null(object, key) : json_add_number(object, key, (double)value);
}

static bool add_kernel(cJSON *object, const struct report_netns *netns)
{
    const struct report_settings *settings = &netns->settings;
    const struct kernel_counters *counters = &netns->counters;
    cJSON *json = json_add_object(object, "kernel");
    return add_kernel_value(json, "local_port_low", settings->local_port_low) &&
           add_kernel_value(json, "local_port_high", settings->local_port_high) &&
           add_kernel_value(json, "ephemeral_ports_reserved", settings->reserved_ports) &&
           add_kernel_value(json, "unprivileged_port_start", settings->unprivileged_port_start) &&
           add_kernel_value(json, "time_wait_limit", settings->max_tw_buckets) &&
           add_kernel_value(json, "tcp_tw_reuse", settings->tw_reuse) &&
           add_kernel_value(json, "tcp_fin_timeout_seconds", settings->fin_timeout_seconds) &&
           add_kernel_value(json, "somaxconn", settings->somaxconn) &&
           add_kernel_value(json, "time_wait_overflow_total", counters->time_wait_overflow) &&
           add_kernel_value(json, "time_wait_recycled_total", counters->time_wait_recycled) &&
           add_kernel_value(json, "listen_overflows_total", counters->listen_overflows) &&
           add_kernel_value(json, "listen_drops_total", counters->listen_drops);
}

static bool add_source(cJSON *object, const struct source *source)
{
    char reason[SOURCE_REASON_MAX];
    source_reason(source, reason);
    return json_add_text(object, "socket_source", source_name(source->kind)) &&
           json_add_text_or_null(object, "socket_source_reason", reason);
}

static const char round_failed[] = "round_failed";

static bool add_netns(cJSON *json, const struct report *report, const struct report_netns *netns)
{
    if (!json_add_text(json, "name", netns->name) || !json_add_text(json, "scope", netns->scope))
        return false;
    if (report->failed)
        return add_error(json, round_failed, report->failure);
    if (netns->failure[0] != '\0')
        return add_error(json, "unreachable", netns->failure);
    return add_totals(json, netns) && add_kernel(json, netns) && json_traffic_add(json, &netns->traffic) &&
           add_rows(json_add_array(json, "ports"), report, netns) && add_source(json, &netns->source);
}

static bool add_every_netns(cJSON *object, const struct report *report)
{
    cJSON *array = json_add_array(object, "netns");
    for (size_t i = 0; i <= report->other_count; i++)
        if (!add_netns(json_add_row(array), report, report_netns_at(report, i)))
            return false;
    return array != NULL;
}

static bool add_sandbox(cJSON *object, const struct report_sandbox *sandbox)
{
    cJSON *json = json_add_object(object, "sandbox");
    if (!sandbox->on)
        return json_add_text(json, "state", "off");
    return json_add_text(json, "state", "on") && json_add_number(json, "uid", sandbox->uid) &&
           json_add_words(json, "capabilities", sandbox->kept) &&
           json_add_text(json, "seccomp", sandbox->filtered ? "on" : "off") &&
           json_add_words(json, "unknown", sandbox->unknown);
}

static bool add_namespaces(cJSON *object, const struct report_agent *agent)
{
    cJSON *json = json_add_object(object, "netns");
    return json_add_number(json, "watched", (double)agent->netns_watched) &&
           json_add_number(json, "unreachable", (double)agent->netns_unreachable) &&
           json_add_number(json, "hidden_processes", (double)agent->netns_hidden) &&
           json_add_text_or_null(json, "reason", agent->netns_reason);
}

static bool add_agent(cJSON *object, const struct report_agent *agent)
{
    cJSON *json = json_add_object(object, "agent");
    return json_add_text(json, "version", TIDEWAIT_VERSION) &&
           json_add_seconds(json, "interval_seconds", agent->interval_seconds) &&
           json_add_number(json, "round_seconds", agent->round_seconds) && add_sandbox(json, &agent->sandbox) &&
           add_namespaces(json, agent) &&
           json_add_time_ms(json, "started_at", (int64_t)(agent->process_start_seconds * NS_PER_S));
}

static bool add_summary(cJSON *object, const struct summary *summary)
{
    static const char key[] = "frees_in_seconds";
    cJSON *array = json_add_array(object, "summary");
    for (size_t i = 0; i < summary->count; i++) {
        const struct summary_line *line = &summary->lines[i];
        cJSON *json = json_add_row(array);
        if (!json_add_text(json, "level", summary_level_name(line->level)) ||
            !json_add_text(json, "text", line->text) ||
            !(line->frees_in_seconds < 0 ? json_add_null(json, key)
                                         : json_add_seconds(json, key, line->frees_in_seconds)))
            return false;
    }
    return array != NULL && json_add_number(object, "summary_left_out", (double)summary->left_out);
}

int json_report(const struct report *report, struct buf *buf)
{
    cleanup(json_add_freep) cJSON *root = cJSON_CreateObject();
    if (!json_add_time_ms(root, "taken_at", report->taken_at.realtime_ns) ||
        !json_add_text(root, "host", report->host) || !add_every_netns(root, report) ||
        !add_agent(root, &report->agent) || !add_summary(root, &report->summary))
        return -ENOMEM;
    return json_add_to_buf(root, buf);
}

int json_ports(const struct report *report, struct buf *buf)
{
    cleanup(json_add_freep) cJSON *root = cJSON_CreateObject();
    if (!(report->failed ? add_error(root, round_failed, report->failure) : add_all_rows(root, report)))
        return -ENOMEM;
    return json_add_to_buf(root, buf);
}

int json_port(const struct report *report, const struct report_netns *netns, const struct report_port *port,
              struct buf *buf)
{
    cleanup(json_add_freep) cJSON *root = cJSON_CreateObject();
    if (!add_row(root, report, netns, port))
        return -ENOMEM;
    return json_add_to_buf(root, buf);
}

int json_error(const char *code, const char *message, struct buf *buf)
{
    cleanup(json_add_freep) cJSON *root = cJSON_CreateObject();
    if (!add_error(root, code, message))
        return -ENOMEM;
    return json_add_to_buf(root, buf);
}
