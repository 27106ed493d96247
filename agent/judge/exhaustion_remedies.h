/* What to do when source ports run out, in the order in which it should be tried. */
#pragma once

#include "base/error.h"
#include "model/exhaustion.h"

/*
 * Sets exhaustion->remedies; none where there is no need. services, netns: as in judge/exhaustion.h. Returns 0 or
 * -ENOMEM.
 */
must_use int exhaustion_remedies(struct exhaustion *exhaustion, const struct kernel_settings *settings,
                                 const struct port_set *services, const char *netns);
