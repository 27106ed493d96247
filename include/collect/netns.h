/* Network namespaces, as the calling thread is in them: network_namespaces(7), setns(2). */
#pragma once

#include "base/error.h"

/*
 * "host" when it is the machine's first, "container" when it is another, "unknown" when that cannot be told: before
 * Linux 5.14 from within another PID namespace. A constant.
 */
const char *netns_scope(void);

/* The one that the thread is in. */
#define NETNS_OWN "/proc/thread-self/ns/net"

/*
 * Opens the namespace of a process ("4127"), or the one at a path ("/run/netns/blue"). As long as it is open it lives
 * on, though nobody else may use it any more. Returns 0, the descriptor owned by the caller; -ENOENT with a reason:
 * there is no such process, no such file; -EACCES with the capability that is lacking; another negative errno with a
 * reason.
 */
must_use int netns_open(const char *place, int *ret_fd, struct error *error);

/*
 * Moves the calling thread, and no other, into the namespace. What it opened before stays where it was opened. Returns
 * 0; -EINVAL with a reason: it is no network namespace; -EPERM with the capability that is lacking; another negative
 * errno with a reason: the thread is where it was.
 */
must_use int netns_enter(int fd, struct error *error);

#define NETNS_ID_MAX 64
/*
 * Which one of all machines' this is, as long as it lives: "BOOT-ID/INODE", for somebody else's to be told apart.
 * Returns 0 or a negative errno.
 */
must_use int netns_id(char ret_id[static NETNS_ID_MAX]);
