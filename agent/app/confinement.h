/* The agent shuts itself in: the sandbox as the settings want it, said once in the log. */
#pragma once

#include "options.h"

/*
 * Before any thread starts, with every socket opened that takes a privilege. Returns 0; -EINVAL with the reason when
 * the settings ask for what cannot be (an unknown user); another negative errno with the reason when a right could not
 * be given up: the agent must not run then.
 */
must_use int confinement_begin(const struct options *options, const struct log *log, struct report_sandbox *ret_sandbox,
                               struct error *error);

/* What takes a right that an agent has given up which started with other settings; NULL: nothing does. A constant. */
const char *confinement_lacks(const struct options *started, const struct options *now);
