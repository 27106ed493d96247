/* As in a container that keeps sock_diag from its processes. */
#pragma once

#include "base/cleanup.h"

/*
 * From now on the calling thread, and whatever it starts, cannot make a netlink socket for sock_diag; other threads
 * can. Returns 0 or a negative errno.
 */
must_use int refuse_netlink(int error);
