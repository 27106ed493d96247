/* A network namespace of the test's own: no socket of the machine is in it, and none of its sockets is in the machine's
 * way. */
#pragma once

#include "base/error.h"

/* A device of every sandbox, beside lo; nothing is connected to it. */
#define SANDBOX_DEVICE "truth0"

/* What a test program returns when it cannot run here (SKIP_RETURN_CODE of CTest). */
#define SANDBOX_SKIPPED 77

/*
 * Moves the calling thread into a fresh namespace with lo up and SANDBOX_DEVICE. Leaves the one it was in; sockets of
 * that one stay there. Returns 0 or a negative errno: CAP_SYS_ADMIN and CAP_NET_ADMIN are needed.
 */
must_use int sandbox_enter(struct error *error);

/* The same, for the start of main(): when it is not permitted, says so and ends the program as skipped. */
void sandbox_enter_or_skip(void);

/* Writes a setting of the namespace: sandbox_set("ipv4/tcp_fin_timeout", "20"). Returns 0 or a negative errno. */
must_use int sandbox_set(const char *name, const char *value);
