/* `why --exhaustion`: are source ports left; if not, what has taken them. */
#pragma once

#include <stdbool.h>

#include "model/endpoint.h"

/* destination: NULL for the fullest. Returns an exit code: EXIT_FREE when connect() still finds a source port. */
int cmd_exhaustion(const struct endpoint *destination, bool json);
