/* `why --exhaustion`: are source ports left; if not, what has taken them. */
#pragma once

#include <stdbool.h>

#include "model/endpoint.h"
#include "netns_argument.h"

/* destination: NULL for the fullest. netns: which the thread has entered. Returns an exit code: EXIT_FREE when
 * connect() still finds a source port. */
int cmd_exhaustion(const struct endpoint *destination, const struct netns_argument *netns, bool json);
