/* The agent's own resource use, from /proc/self. */
#pragma once

#include "model/report.h"

/*
 * Fills the process_* fields of agent; those that cannot be read stay as they are. process_start_seconds is worked
 * out only while it is 0, so that it never moves.
 */
void selfstat_read(struct report_agent *agent);
