#include "render/json.h"

#include <errno.h>

#include "base/version.h"
#include "json_traffic.h"
#include "json_verdict.h"
#include "view.h"

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
    const struct holder *listener = view_accept_queue(verdict);
    if (listener == NULL)
        return json_add_null(object, "accept_queue");
    cJSON *json = json_add_object(object, "accept_queue");
    return json_add_number(json, "length", listener->queue_length) &&
           json_add_number(json, "limit", listener->queue_limit);
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

static bool add_row(cJSON *object, const struct report *report, const struct report_port *port)
{
    const struct verdict *verdict = &port->verdict;
    const char *expected = expected_name(port->expected);
    return json_verdict_add(object, verdict, report->netns.name, report->taken_at.realtime_ns) &&
           add_states(object, "states", &report->netns, verdict->endpoint.protocol, port->states) &&
           add_accept_queue(object, verdict) && add_longest_time_wait(object, port) && add_entered(object, port) &&
           json_add_null(object, "restart_safe") &&
           json_add_text_or_null(object, "expected", expected != NULL ? expected : "") &&
           json_add_bool(object, "in_ephemeral_range", port->in_ephemeral_range);
}

static bool add_rows(cJSON *object, const struct report *report)
{
    cJSON *array = json_add_array(object, "ports");
    for (size_t i = 0; i < report->netns.port_count; i++)
        if (!add_row(json_add_row(array), report, &report->netns.ports[i]))
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
    const struct kernel_settings *settings = &netns->settings;
    const struct kernel_counters *counters = &netns->counters;
    cJSON *json = json_add_object(object, "kernel");
    return add_kernel_value(json, "local_port_low", settings->local_port_low) &&
           add_kernel_value(json, "local_port_high", settings->local_port_high) &&
           add_kernel_value(json, "ephemeral_ports_reserved", view_reserved_ports(settings)) &&
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

static const char round_failed[] = "round_failed";

static bool add_netns(cJSON *object, const struct report *report)
{
    cJSON *json = json_add_row(json_add_array(object, "netns"));
    if (!json_add_text(json, "name", report->netns.name) || !json_add_text(json, "scope", report->netns.scope))
        return false;
    if (report->failed)
        return add_error(json, round_failed, report->failure);
    return add_totals(json, &report->netns) && add_kernel(json, &report->netns) &&
           json_traffic_add(json, &report->netns.traffic) && add_rows(json, report);
}

static bool add_agent(cJSON *object, const struct report_agent *agent)
{
    cJSON *json = json_add_object(object, "agent");
    return json_add_text(json, "version", TIDEWAIT_VERSION) &&
           json_add_seconds(json, "interval_seconds", agent->interval_seconds) &&
           json_add_number(json, "round_seconds", agent->round_seconds);
}

int json_report(const struct report *report, struct buf *buf)
{
    cleanup(json_add_freep) cJSON *root = cJSON_CreateObject();
    if (!json_add_time(root, "taken_at", report->taken_at.realtime_ns) || !json_add_text(root, "host", report->host) ||
        !add_netns(root, report) || !add_agent(root, &report->agent))
        return -ENOMEM;
    return json_add_to_buf(root, buf);
}

int json_ports(const struct report *report, struct buf *buf)
{
    cleanup(json_add_freep) cJSON *root = cJSON_CreateObject();
    if (!(report->failed ? add_error(root, round_failed, report->failure) : add_rows(root, report)))
        return -ENOMEM;
    return json_add_to_buf(root, buf);
}

int json_port(const struct report *report, const struct report_port *port, struct buf *buf)
{
    cleanup(json_add_freep) cJSON *root = cJSON_CreateObject();
    if (!add_row(root, report, port))
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
