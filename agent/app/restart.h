/* Whether a listener's server can be started again at once: what its socket's options say. */
#pragma once

#include "collect/owner.h"

/*
 * Sets restart of a group of listeners, and reuseport and v6only where the table does not tell them. Looks at the
 * sockets whose inodes the group has, as owners know them since their last update; with more sockets than those it
 * stays unknown, unless one of them is unsafe.
 */
void restart_learn(struct holder *listener, struct owners *owners);
