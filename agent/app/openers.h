/* Who has sockets towards a destination open; of UDP, on any port of the range. */
#pragma once

#include "inquiry.h"
#include "model/exhaustion.h"

/*
 * Sets exhaustion->openers, by a walk of its own over the ports of ip_local_port_range; *ret_missing: what keeps some
 * of them out of sight, a constant, NULL: nothing. Returns 0 or a negative errno.
 */
must_use int openers_find(struct inquiry *inquiry, struct exhaustion *exhaustion, const char **ret_missing,
                          struct error *error);
