/* `why --exhaustion`: are source ports left; if not, what has taken them. */
#pragma once

#include <stdbool.h>

#include "model/endpoint.h"

/* destination: NULL for the fullest. netns: the name of the namespace that the thread is in. Returns an exit code:
 * EXIT_FREE when connect() still finds a source port. */
int cmd_exhaustion(const struct endpoint *destination, const char *netns, bool json);
