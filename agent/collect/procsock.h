/* Every socket that every process has open, through /proc/PID/fd (proc(5)). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct procsock {
    int32_t pid;
    int directory_fd; /* /proc/PID: stays with this process; once that is gone, reading fails, whoever has the pid now
                       */
    uint32_t inode;
    int32_t number; /* of the descriptor */
};

/* Takes one open descriptor; a negative errno ends the walk. */
typedef int procsock_visit(void *context, const struct procsock *procsock);

/*
 * By ascending pid; processes that come and go meanwhile may be left out. ret_incomplete: there were processes whose
 * descriptors may not be read. Returns 0; what visit returned; or a negative errno when /proc cannot be read at all.
 */
must_use int procsock_walk(procsock_visit *visit, void *context, bool *ret_incomplete, struct error *error);

/* True when this descriptor of the process is the socket, still. */
bool procsock_is_open(int32_t pid, int32_t number, uint32_t inode);
