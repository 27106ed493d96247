/* From what a round saw to what keeps connect() from a source port, and what to do about it. Pure. */
#pragma once

#include "base/error.h"
#include "model/census.h"
#include "model/exhaustion.h"

/*
 * Finds the destination asked for (where several sources lead there, the fullest; any address: whatever has that port),
 * or, when asked is NULL, the fullest of all, and makes up its account. The census has tracked traffic; rates need two
 * rounds. Returns 0, the result owned by the caller; or -EOVERFLOW with a reason: sockets of more destinations than can
 * be told apart leave it open.
 */
must_use int exhaustion_find(const struct census *census, const struct kernel_settings *settings,
                             const struct endpoint *asked, struct exhaustion *ret_exhaustion, struct error *error);

/*
 * Adds explanation and remedies, after the openers are known. services: ports that have servers, which a wider
 * ip_local_port_range must spare. Returns 0 or -ENOMEM.
 */
must_use int exhaustion_explain(struct exhaustion *exhaustion, const struct kernel_settings *settings,
                                const struct port_set *services);
