#include "metrics_parts.h"

static void entered(struct exposition *out, const struct report_traffic *traffic)
{
    for (size_t i = 0; i < traffic->entered_count; i++) {
        const struct report_entered *row = &traffic->entered[i];
        char port[EXPOSITION_PORT_MAX];
        exposition_port(row->port, port);
        exposition_integer(out, METRIC_PORT_TIME_WAIT_ENTERED_TOTAL,
                           LABELS({"port", row->label != NULL ? row->label : port}), row->total);
    }
}

/* state: NULL for a metric that has no such label. */
static void destination(struct exposition *out, enum metric metric, const struct report_destination *row,
                        const char *state, uint64_t value)
{
    char source[ADDRESS_TEXT_MAX];
    char address[ADDRESS_TEXT_MAX];
    char port[EXPOSITION_PORT_MAX];
    address_format(&row->counts.source, source);
    address_format(&row->counts.destination, address);
    exposition_port(row->counts.port, port);
    const char *protocol = protocol_name(row->counts.protocol);
    if (state != NULL)
        exposition_integer(out, metric,
                           LABELS({"protocol", protocol}, {"source", source}, {"destination", address},
                                  {"destination_port", port}, {"state", state}),
                           value);
    else
        exposition_integer(
            out, metric,
            LABELS({"protocol", protocol}, {"source", source}, {"destination", address}, {"destination_port", port}),
            value);
}

static void destinations(struct exposition *out, const struct report_traffic *traffic)
{
    for (size_t i = 0; i < traffic->destination_count; i++) {
        const struct report_destination *row = &traffic->destinations[i];
        destination(out, METRIC_DESTINATION_PORTS_USED, row, "live", row->counts.live);
        destination(out, METRIC_DESTINATION_PORTS_USED, row, "time_wait", row->counts.time_wait);
    }
    for (size_t i = 0; i < traffic->destination_count; i++)
        if (!traffic->destinations[i].at_most)
            destination(out, METRIC_DESTINATION_PORTS_USABLE, &traffic->destinations[i], NULL,
                        traffic->destinations[i].usable);
    for (size_t i = 0; i < traffic->destination_count; i++)
        if (traffic->destinations[i].counts.protocol == PROTOCOL_TCP)
            destination(out, METRIC_DESTINATION_TIME_WAIT_ENTERED_TOTAL, &traffic->destinations[i], NULL,
                        traffic->destinations[i].counts.entered_total);
    for (enum protocol protocol = PROTOCOL_TCP; protocol < PROTOCOL_COUNT; protocol++)
        if (traffic->used_max_ratio[protocol] >= 0)
            exposition_real(out, METRIC_DESTINATION_PORTS_USED_MAX_RATIO, LABELS({"protocol", protocol_name(protocol)}),
                            traffic->used_max_ratio[protocol]);
    exposition_integer(out, METRIC_DESTINATION_UNCOUNTED_SOCKETS, NULL, traffic->uncounted);
}

void metrics_traffic(struct exposition *out, const struct report_traffic *traffic)
{
    if (!traffic->known)
        return;
    entered(out, traffic);
    if (traffic->missed_total != KERNEL_UNKNOWN)
        exposition_integer(out, METRIC_TIME_WAIT_MISSED_TOTAL, NULL, (uint64_t)traffic->missed_total);
    exposition_integer(out, METRIC_TIME_WAIT_LEDGER_EXACT, NULL, traffic->exact ? 1 : 0);
    destinations(out, traffic);
}
