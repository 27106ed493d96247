/*
 * The test-connect: does connect() find a source port at all? It goes to port 0 of 127.0.0.1, where nobody can listen,
 * and leaves no TIME_WAIT.
 */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"

/*
 * False when no port is left for any destination: every one of ip_local_port_range is in use by sockets that bound it,
 * to a port of their choice or to port 0, which no table shows. Returns 0; a negative errno when it could not be tried
 * (lo is down).
 */
must_use int connectprobe_try(bool *ret_found);
