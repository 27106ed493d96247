/*
 * JSON through cJSON: snake_case, stable key order, RFC 3339 times, valid UTF-8 whatever a process calls itself.
 * Each returns 0, or -ENOMEM with buf as it was. One compact object, followed by a newline.
 */
#pragma once

#include "base/buf.h"
#include "model/report.h"

/* /api/v1/report */
must_use int json_report(const struct report *report, struct buf *buf);
/* /api/v1/ports: {"ports":[…]} */
must_use int json_ports(const struct report *report, struct buf *buf);
/* One row: the verdict object, and states, accept_queue, restart_safe, expected. */
must_use int json_port(const struct report *report, const struct report_port *port, struct buf *buf);
/* {"error":{"code":…,"message":…}} */
must_use int json_error(const char *code, const char *message, struct buf *buf);
