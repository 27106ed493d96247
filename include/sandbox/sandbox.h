/*
 * What the agent may still do once it has started: it gives up every right that its options do not need, for good.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* What the options need; each but the plain socket dump takes a capability. */
struct sandbox_needs {
    bool owners;           /* of other users' sockets: CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH */
    bool privileged_ports; /* test-binds below ip_unprivileged_port_start: CAP_NET_BIND_SERVICE */
    bool other_namespaces; /* CAP_SYS_ADMIN */
    const char *user;      /* whom to become, a name or a number; NULL: nobody else */
};

#define SANDBOX_TEXT_MAX 256

/* What came of it, in words, for the log, the report and the user. */
struct sandbox_state {
    char kept[SANDBOX_TEXT_MAX];    /* "CAP_SYS_PTRACE CAP_DAC_READ_SEARCH", or "none" */
    char unknown[SANDBOX_TEXT_MAX]; /* what cannot be found out without the capabilities that were missing, "" */
};

/*
 * Before any thread starts: keeps the capabilities that needs ask for and the process has, empties the bounding set,
 * becomes the user, sets no_new_privs. Returns 0; a negative errno with the reason when a right could not be given up,
 * or the user is unknown or may not be become: the agent must not run then.
 */
must_use int sandbox_drop(const struct sandbox_needs *needs, struct sandbox_state *ret_state, struct error *error);

/*
 * From here on only the system calls of a running agent are allowed, in all threads, present and future; any other
 * fails with EPERM, or, with kill, ends the process. Sockets: AF_INET, AF_INET6 and AF_NETLINK of their few protocols.
 */
must_use int sandbox_filter(const struct sandbox_needs *needs, bool kill, struct error *error);
