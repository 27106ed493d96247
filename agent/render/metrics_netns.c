#include "metrics_parts.h"
#include "view.h"

static void sockets(struct exposition *out, const struct report_netns *netns)
{
    for (enum protocol protocol = PROTOCOL_TCP; protocol < PROTOCOL_COUNT; protocol++)
        for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
            for (enum sock_state state = SOCK_ESTABLISHED; state < SOCK_STATE_COUNT; state++)
                if (view_state_is_shown(netns, protocol, state))
                    exposition_integer(out, METRIC_SOCKETS,
                                       LABELS({"protocol", protocol_name(protocol)}, {"family", family_name(family)},
                                              {"state", sock_state_name(state)}),
                                       netns->totals[protocol][family][state]);
}

static void listener_gauge(struct exposition *out, enum metric metric, const struct report_listener *listener,
                           uint32_t value)
{
    char address[ADDRESS_TEXT_MAX];
    char port[EXPOSITION_PORT_MAX];
    address_format(&listener->address, address);
    exposition_port(listener->port, port);
    exposition_integer(out, metric, LABELS({"address", address}, {"port", port}), value);
}

static void listener_info(struct exposition *out, const struct report_listener *listener)
{
    char address[ADDRESS_TEXT_MAX];
    char port[EXPOSITION_PORT_MAX];
    address_format(&listener->address, address);
    exposition_port(listener->port, port);
    exposition_integer(out, METRIC_LISTENER_INFO,
                       LABELS({"address", address}, {"port", port}, {"process", listener->owner.process},
                              {"unit", listener->owner.unit}, {"container_id", listener->owner.container}),
                       1);
}

static void listeners(struct exposition *out, const struct report_netns *netns)
{
    for (size_t i = 0; i < netns->listener_count; i++)
        listener_gauge(out, METRIC_LISTEN_QUEUE_LENGTH, &netns->listeners[i], netns->listeners[i].queue_length);
    for (size_t i = 0; i < netns->listener_count; i++)
        if (netns->listeners[i].queue_limit != SOCK_QUEUE_LIMIT_UNKNOWN)
            listener_gauge(out, METRIC_LISTEN_QUEUE_LIMIT, &netns->listeners[i], netns->listeners[i].queue_limit);
    for (size_t i = 0; i < netns->listener_count; i++) {
        enum restart restart = netns->listeners[i].restart;
        if (restart == RESTART_SAFE || restart == RESTART_UNSAFE)
            listener_gauge(out, METRIC_LISTENER_RESTART_SAFE, &netns->listeners[i], restart == RESTART_SAFE);
    }
    for (size_t i = 0; i < netns->listener_count; i++)
        if (netns->listeners[i].owner_known)
            listener_info(out, &netns->listeners[i]);
}

static void kernel_value(struct exposition *out, enum metric metric, int64_t value)
{
    if (value != KERNEL_UNKNOWN)
        exposition_integer(out, metric, NULL, (uint64_t)value);
}

static void ephemeral_ports(struct exposition *out, const struct report_netns *netns)
{
    const struct report_settings *settings = &netns->settings;
    if (settings->local_port_low == KERNEL_UNKNOWN || settings->local_port_high == KERNEL_UNKNOWN)
        return;
    exposition_integer(out, METRIC_EPHEMERAL_PORTS, NULL,
                       (uint64_t)(settings->local_port_high - settings->local_port_low + 1));
    kernel_value(out, METRIC_EPHEMERAL_PORTS_RESERVED, settings->reserved_ports);
    for (enum protocol protocol = PROTOCOL_TCP; protocol < PROTOCOL_COUNT; protocol++)
        exposition_integer(out, METRIC_EPHEMERAL_PORTS_USED, LABELS({"protocol", protocol_name(protocol)}),
                           netns->ephemeral_used[protocol]);
}

static void kernel(struct exposition *out, const struct report_netns *netns)
{
    const struct report_settings *settings = &netns->settings;
    const struct kernel_counters *counters = &netns->counters;
    kernel_value(out, METRIC_TIME_WAIT_LIMIT, settings->max_tw_buckets);
    kernel_value(out, METRIC_TIME_WAIT_OVERFLOW_TOTAL, counters->time_wait_overflow);
    kernel_value(out, METRIC_TIME_WAIT_RECYCLED_TOTAL, counters->time_wait_recycled);
    kernel_value(out, METRIC_LISTEN_OVERFLOWS_TOTAL, counters->listen_overflows);
    kernel_value(out, METRIC_LISTEN_DROPS_TOTAL, counters->listen_drops);
    kernel_value(out, METRIC_TCP_TW_REUSE, settings->tw_reuse);
    kernel_value(out, METRIC_TCP_FIN_TIMEOUT_SECONDS, settings->fin_timeout_seconds);
    kernel_value(out, METRIC_SOMAXCONN, settings->somaxconn);
    kernel_value(out, METRIC_UNPRIVILEGED_PORT_START, settings->unprivileged_port_start);
}

void metrics_netns(struct exposition *out, const struct report_netns *netns)
{
    sockets(out, netns);
    listeners(out, netns);
    ephemeral_ports(out, netns);
    kernel(out, netns);
    for (enum source_kind kind = SOURCE_NETLINK; kind < SOURCE_COUNT; kind++)
        exposition_integer(out, METRIC_SOCKET_SOURCE, LABELS({"source", source_name(kind)}),
                           kind == netns->source.kind);
}
