/* From the census's traffic to the report: entries into TIME_WAIT, and the fullest destinations. */
#pragma once

#include "collect/sockets.h"
#include "model/census.h"
#include "model/report.h"

/* From round to round: what TcpExt counted of TIME_WAITs, against what was seen. */
struct round_missed {
    bool known;           /* the base is set: the first round that succeeded is over */
    int64_t base_created; /* minisockets made until then, as TcpExt counts them */
    int64_t unseen;       /* of those made since then: not seen up to the last round */
    int64_t missed;       /* likewise, up to the round before it, too; never goes back */
};

/*
 * Learns which connections chose their port themselves, when a good part of the range is used: a second, filtered walk,
 * where the source can tell. Returns 0 or a negative errno.
 */
must_use int round_traffic_learn_binds(struct sockets *sockets, const struct kernel_settings *settings,
                                       struct census *census, struct error *error);

/* before: TcpExt as of before the walk; netns has its source already. Returns 0 or -ENOMEM; what was filled in is owned
 * by the report. */
must_use int round_traffic_report(const struct census *census, const struct kernel_settings *settings,
                                  const struct kernel_counters *before, struct round_missed *missed,
                                  struct report_netns *netns);
