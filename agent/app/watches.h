/* The endpoints that the agent is told to watch. */
#pragma once

#include "options.h"

/*
 * "8080", "8000-8010=free", "127.0.0.1:5432=listening": adds each endpoint of the range. Returns 0, -EINVAL with a
 * reason that shows the right form, or -ENOMEM.
 */
must_use int watches_add(struct options *options, const char *text, struct error *error);

/* When all are there: puts them in order, each once; of what is expected of it what was given last counts. */
void watches_settle(struct options *options);

/* How many ports they are, when they are settled: several endpoints of one port are one. */
size_t watches_ports(const struct options *options);
