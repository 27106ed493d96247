/* From what a round saw to what keeps connect() from a source port, and what to do about it. Pure. */
#pragma once

#include "base/error.h"
#include "model/census.h"
#include "model/exhaustion.h"

/*
 * Finds the destination asked for (where several sources lead there, the fullest; any address: whatever has that port),
 * or, when asked is NULL, the fullest of all, and makes up its account. The census has tracked traffic; rates need two
 * rounds. Returns 0, the result owned by the caller; or -EOVERFLOW with a reason: sockets of more destinations than can
 * be told apart leave it open. Its source is the caller's to set.
 */
must_use int exhaustion_find(const struct census *census, const struct kernel_settings *settings,
                             const struct endpoint *asked, struct exhaustion *ret_exhaustion, struct error *error);

/*
 * True when the tables leave it open: a port that bind(0) chose for a connection is kept from every connect() and
 * cannot be told from others (from /proc/net, none that bind() chose can); only a test-connect shows whether all were.
 */
bool exhaustion_wants_trial(const struct exhaustion *exhaustion);
/* The test-connect found no port: what seemed to be left was chosen by bind(). */
void exhaustion_note_failure(struct exhaustion *exhaustion);

/*
 * Adds explanation and remedies, after the openers are known. services: ports that have servers, which a wider
 * ip_local_port_range must spare. netns: as in remedies_suggest(). Returns 0 or -ENOMEM.
 */
must_use int exhaustion_explain(struct exhaustion *exhaustion, const struct kernel_settings *settings,
                                const struct port_set *services, const char *netns);
