#include <errno.h>
#include <stdio.h>

#include "metrics_parts.h"
#include "view.h"

/* The labels of a tracked port's row, as text. */
struct row_labels {
    const char *protocol;
    char address[ADDRESS_TEXT_MAX];
    char port[EXPOSITION_PORT_MAX];
};

static struct row_labels labels_of(const struct endpoint *endpoint)
{
    struct row_labels labels = {.protocol = protocol_name(endpoint->protocol)};
    endpoint_address_format(endpoint, labels.address);
    exposition_port(endpoint->port, labels.port);
    return labels;
}

static void port_label(const struct report_counts *counts, char ret_label[static 16])
{
    if (counts->label != NULL)
        (void)snprintf(ret_label, 16, "%s", counts->label);
    else
        exposition_port(counts->port, ret_label);
}

static void port_sockets(struct exposition *out, const struct report_netns *netns)
{
    for (size_t i = 0; i < netns->count_count; i++) {
        const struct report_counts *counts = &netns->counts[i];
        char port[16];
        port_label(counts, port);
        for (enum sock_state state = SOCK_ESTABLISHED; state < SOCK_STATE_COUNT; state++)
            if (view_state_is_shown(netns, counts->protocol, state))
                exposition_integer(out, METRIC_PORT_SOCKETS,
                                   LABELS({"protocol", protocol_name(counts->protocol)}, {"port", port},
                                          {"state", sock_state_name(state)}),
                                   counts->states[state]);
    }
}

static void longest_time_wait(struct exposition *out, const struct report_netns *netns)
{
    for (size_t i = 0; i < netns->count_count; i++) {
        const struct report_counts *counts = &netns->counts[i];
        if (counts->protocol != PROTOCOL_TCP)
            continue;
        char port[16];
        port_label(counts, port);
        exposition_real(out, METRIC_PORT_TIME_WAIT_LONGEST_REMAINING_SECONDS, LABELS({"port", port}),
                        (double)counts->longest_time_wait_ms / 1000);
    }
}

enum bindable { BINDABLE_NO, BINDABLE_YES, BINDABLE_UNKNOWN };

/* EADDRINUSE holds whoever asks; any other refusal may be about the agent's own rights. */
static bool in_use(const struct verdict *verdict, bool reuseaddr)
{
    for (size_t i = 0; i < verdict->bind_count; i++)
        if (verdict->binds[i].reuseaddr == reuseaddr && verdict->binds[i].error == EADDRINUSE)
            return true;
    return false;
}

static enum bindable bindable(const struct verdict *verdict, bool reuseaddr)
{
    switch (verdict->kind) {
    case VERDICT_FREE:
        return BINDABLE_YES;
    case VERDICT_REUSABLE:
        return reuseaddr ? BINDABLE_YES : BINDABLE_NO;
    case VERDICT_HELD:
        return BINDABLE_NO;
    case VERDICT_UNKNOWN:
        return in_use(verdict, reuseaddr) ? BINDABLE_NO : BINDABLE_UNKNOWN;
    }
    return BINDABLE_UNKNOWN;
}

static void port_bindable(struct exposition *out, const struct verdict *verdict, bool reuseaddr)
{
    enum bindable answer = bindable(verdict, reuseaddr);
    if (answer == BINDABLE_UNKNOWN)
        return;
    struct row_labels row = labels_of(&verdict->endpoint);
    exposition_integer(out, METRIC_PORT_BINDABLE,
                       LABELS({"protocol", row.protocol}, {"address", row.address}, {"port", row.port},
                              {"reuseaddr", reuseaddr ? "true" : "false"}),
                       answer == BINDABLE_YES ? 1 : 0);
}

static void port_blocked(struct exposition *out, const struct verdict *verdict)
{
    if (verdict->cause == CAUSE_UNKNOWN)
        return;
    struct row_labels row = labels_of(&verdict->endpoint);
    for (enum cause cause = CAUSE_DENIED; cause < CAUSE_NONE; cause++)
        exposition_integer(out, METRIC_PORT_BLOCKED,
                           LABELS({"protocol", row.protocol}, {"address", row.address}, {"port", row.port},
                                  {"cause", cause_name(cause)}),
                           verdict->cause == cause ? 1 : 0);
}

static void port_frees(struct exposition *out, const struct verdict *verdict, bool reuseaddr)
{
    const struct frees *frees = reuseaddr ? &verdict->reuseaddr : &verdict->plain;
    if (frees->kind != FREES_AFTER)
        return;
    struct row_labels row = labels_of(&verdict->endpoint);
    exposition_real(out, METRIC_PORT_FREES_IN_SECONDS,
                    LABELS({"protocol", row.protocol}, {"address", row.address}, {"port", row.port},
                           {"reuseaddr", reuseaddr ? "true" : "false"}),
                    frees->seconds);
}

static void port_expected(struct exposition *out, const struct report_port *port)
{
    if (port->expected == EXPECTED_NOTHING)
        return;
    struct row_labels row = labels_of(&port->verdict.endpoint);
    exposition_integer(out, METRIC_PORT_EXPECTED,
                       LABELS({"protocol", row.protocol}, {"address", row.address}, {"port", row.port},
                              {"expect", expected_name(port->expected)}),
                       1);
}

static void port_in_ephemeral_range(struct exposition *out, const struct report_port *port)
{
    if (!port->verdict.endpoint.any_address)
        return;
    struct row_labels row = labels_of(&port->verdict.endpoint);
    exposition_integer(out, METRIC_PORT_IN_EPHEMERAL_RANGE, LABELS({"protocol", row.protocol}, {"port", row.port}),
                       port->in_ephemeral_range ? 1 : 0);
}

static void both_options(struct exposition *out, const struct report_netns *netns,
                         void (*sample)(struct exposition *, const struct verdict *, bool reuseaddr))
{
    for (size_t i = 0; i < netns->port_count; i++) {
        const struct verdict *verdict = &netns->ports[i].verdict;
        sample(out, verdict, false);
        if (verdict->endpoint.protocol == PROTOCOL_TCP)
            sample(out, verdict, true);
    }
}

void metrics_port(struct exposition *out, const struct report_netns *netns)
{
    port_sockets(out, netns);
    longest_time_wait(out, netns);
    both_options(out, netns, port_bindable);
    for (size_t i = 0; i < netns->port_count; i++)
        port_blocked(out, &netns->ports[i].verdict);
    both_options(out, netns, port_frees);
    for (size_t i = 0; i < netns->port_count; i++)
        port_expected(out, &netns->ports[i]);
    for (size_t i = 0; i < netns->port_count; i++)
        port_in_ephemeral_range(out, &netns->ports[i]);
}
