/* The agent's own resource use, from /proc/self. */
#pragma once

#include "model/report.h"

/* Fills the process_* fields of agent; those that cannot be read stay as they are. */
void selfstat_read(struct report_agent *agent);
