/*
 * What the agent may still do once it has started: it gives up every right that its options do not need, for good.
 * See capabilities(7), PR_SET_NO_NEW_PRIVS of prctl(2), seccomp(2).
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

/* What the options need; each but the plain socket dump takes a capability. */
struct sandbox_needs {
    bool owners;           /* of other users' sockets: CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH */
    bool privileged_ports; /* test-binds below ip_unprivileged_port_start: CAP_NET_BIND_SERVICE */
    bool other_namespaces; /* CAP_SYS_ADMIN */
    bool found_namespaces; /* through other users' processes and mounts: CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH */
    const char *user;      /* whom to become, a name or a number; NULL: nobody else */
};

#define SANDBOX_WORDS_MAX 4

/* What came of it, in words that are constants, for the log, the report and the user. NULL after the last. */
struct sandbox_state {
    unsigned uid;
    const char *kept[SANDBOX_WORDS_MAX + 1];    /* capabilities: "CAP_SYS_PTRACE" */
    const char *unknown[SANDBOX_WORDS_MAX + 1]; /* what cannot be found out, for lack of which capabilities */
};

/*
 * Before any thread starts: keeps the capabilities that needs ask for and the process has, becomes the user without any
 * further group, sets no_new_privs, and empties the bounding set (without CAP_SETPCAP that stays, but then no program
 * can be executed that would gain from it). Returns 0; -EINVAL with the reason: the user is unknown; another negative
 * errno with the reason: the user may not be become, or a right could not be given up: the agent must not run then.
 */
must_use int sandbox_drop(const struct sandbox_needs *needs, struct sandbox_state *ret_state, struct error *error);

enum sandbox_refusal { SANDBOX_REFUSE, SANDBOX_KILL };

/*
 * From here on only the system calls of a running agent are allowed, in all threads, present and future. Any other
 * fails with EPERM or, with SANDBOX_KILL, ends the process by SIGSYS. Files can only be read; sockets are TCP, UDP and
 * NETLINK_SOCK_DIAG, and can neither connect nor begin to listen; no program and no process is started. Sets
 * no_new_privs. Returns 0 or a negative errno with the reason.
 */
must_use int sandbox_filter(const struct sandbox_needs *needs, enum sandbox_refusal refusal, struct error *error);
