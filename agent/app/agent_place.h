/* Where the agent of this machine is asked. */
#pragma once

#include "collect/agentclient.h"

/*
 * url: what a user typed; NULL: the first of TIDEWAIT_WEB_LISTEN_ADDRESS, else where an agent listens without any
 * setting. Returns 0, the path "/" when the URL has none; or -EINVAL with a reason that shows the right form.
 */
must_use int agent_place_find(const char *url, struct agentclient_place *ret_place, struct error *error);
