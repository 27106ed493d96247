/* What to do about a verdict, in the order in which it should be tried. Pure. */
#pragma once

#include "base/error.h"
#include "model/kernel.h"
#include "model/verdict.h"

/*
 * Sets verdict->remedies, after the owners of its holders are known. Offers only what works: `release` only where
 * nothing but TIME_WAITs and orphaned FIN_WAIT2s is in the way, where they can be ended (through netlink). Code is
 * shown for the runtime of the owner where it is known, for C otherwise. netns: what leads commands to the verdict's
 * namespace, a path or a process id as --netns takes it; NULL: they are in it. Returns 0 or -ENOMEM.
 */
must_use int remedies_suggest(struct verdict *verdict, const struct kernel_settings *settings, const char *netns);
