/* From a census and verdicts to the rows of a report. */
#pragma once

#include "collect/owner.h"
#include "model/census.h"
#include "model/report.h"

/* Every function that returns something returns 0 or -ENOMEM; what was added so far is owned by the report. */

/* Totals, counts by port, and listeners. owners may be NULL. */
must_use int round_report_counts(struct report_netns *netns, const struct census *census, struct owners *owners,
                                 const struct ownership *ownership);

/* What is shown of the settings. */
void round_report_settings(const struct kernel_settings *settings, struct report_settings *ret_settings);

/*
 * Attaches the owners to the verdict's holders, and what the sockets of listeners tell, puts the verdict into words and
 * adds remedies. owners may be NULL; ownership, too: then nothing is remembered of sockets that have no process. place:
 * as remedies_suggest() takes it.
 */
must_use int round_report_finish(struct verdict *verdict, struct owners *owners, const struct ownership *ownership,
                                 const struct kernel_settings *settings, const char *place);
