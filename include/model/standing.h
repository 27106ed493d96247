/* How it stands with a port for those who run servers: one that has its server is no trouble. Worst first. */
#pragma once

#include "model/report.h"

enum standing {
    STANDING_BLOCKED,  /* no server can bind it, or it is not as expected */
    STANDING_UNKNOWN,  /* whether one can is not known */
    STANDING_REUSABLE, /* one that sets SO_REUSEADDR can */
    STANDING_SERVED,   /* it has one: a listener, or a UDP socket */
    STANDING_FREE,
};
/* "blocked", "unknown", "reusable", "served", "free". */
const char *standing_name(enum standing standing);

enum standing standing_of(const struct report_port *port);
/* What was said of it with --watch is so, or nothing was; where nothing is known, it counts as so. */
bool standing_is_as_expected(const struct report_port *port);
