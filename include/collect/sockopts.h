/* Options of a socket that another process has open, which no table shows. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct sockopts {
    bool reuseaddr;
    bool reuseport;
    bool v6only; /* false for IPv4 sockets */
};

/*
 * Reads them through a copy of the descriptor (pidfd_getfd(2), Linux 5.6) that is closed at once: while it is open, the
 * socket outlives its process. Needs CAP_SYS_PTRACE for other users' processes.
 * Returns 0; -ENOENT: the process does not have the socket (any more); -EPERM and others when it may not be read.
 */
must_use int sockopts_read(int32_t pid, uint32_t inode, struct sockopts *ret_options);
