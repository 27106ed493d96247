/* The two formats of text that Prometheus reads. */
#pragma once

#include "base/buf.h"
#include "model/report.h"

enum metrics_format {
    METRICS_PROMETHEUS,  /* text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
    METRICS_OPENMETRICS, /* OpenMetrics 1.0.0 */
};

/*
 * Every metric whose data the report has: families in the order of the table, HELP and TYPE once each, series in a
 * stable order, no two alike, labels escaped and repaired to UTF-8. Failure sticks to buf.
 */
void metrics_render(const struct report *report, enum metrics_format format, struct buf *buf);

/* "name type help" of each metric, one a line: what dashboards are checked against. */
void metrics_catalogue(struct buf *buf);
