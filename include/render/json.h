/*
 * JSON through cJSON: snake_case, stable key order, RFC 3339 times, valid UTF-8 whatever a process calls itself.
 * One compact object, followed by a newline. Each returns 0; or -ENOMEM, or the failure of buf, with buf's bytes as
 * they were.
 */
#pragma once

#include "base/buf.h"
#include "model/events.h"
#include "model/exhaustion.h"
#include "model/history.h"
#include "model/report.h"

/* /api/v1/report. A failed report names what failed in the place of everything that was not measured. */
must_use int json_report(const struct report *report, struct buf *buf);
/* /api/v1/ports: {"ports":[…]}; of a failed report the error object, code "round_failed". */
must_use int json_ports(const struct report *report, struct buf *buf);
/* One row: the verdict object, then states, accept_queue, longest_time_wait_seconds, restart_safe, expected,
 * in_ephemeral_range, standing, taken_at, netns_id. */
must_use int json_port(const struct report *report, const struct report_netns *netns, const struct report_port *port,
                       struct buf *buf);
/* The verdict object alone; taken_at_ns: CLOCK_REALTIME of the evidence. */
must_use int json_verdict(const struct verdict *verdict, const char *netns, int64_t taken_at_ns, struct buf *buf);
/* The keys of a row of destinations in /api/v1/report, then exhausted, openers, explanation, remedies. */
must_use int json_exhaustion(const struct exhaustion *exhaustion, const char *netns, struct buf *buf);
/* /api/v1/events: {"instance":…,"events":[…]}, oldest first; the instance is another after each start of the agent. */
must_use int json_events(const struct events_page *page, struct buf *buf);
/* /api/v1/history/PORT: {"step_seconds":…,"samples":[…]}, oldest first. */
must_use int json_history(enum protocol protocol, int64_t step_ns, const struct history_sample *samples, size_t count,
                          struct buf *buf);
/* {"error":{"code":…,"message":…}} */
must_use int json_error(const char *code, const char *message, struct buf *buf);
