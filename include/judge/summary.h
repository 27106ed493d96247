/* From a report to what somebody who is in a hurry must know of it. Pure. */
#pragma once

#include "model/report.h"

/*
 * Of a report that is complete but for its summary. A listener in its place is no trouble, nor is a UDP socket; a port
 * that no server can bind is, and so are an expectation that is not met, a destination that takes nearly all ephemeral
 * ports, a full accept queue, and a round that failed. Where there is no trouble, one line says so.
 */
void summary_make(const struct report *report, struct summary *ret_summary);
