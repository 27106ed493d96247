/*
 * What an agent answered under /api/v1/ports/PORT, or under /api/v1/ports for all that it tracks, read again for who
 * had the sockets that have no process any more. Not trusted: anybody may listen on its port.
 */
#pragma once

#include "model/report.h"

struct memory_answer_port;

struct memory_answer {
    struct memory_answer_port *ports; /* owned */
    size_t count;
};

/*
 * bytes: NUL-terminated. Of TCP and of the namespace netns_id only; nothing is kept of others. Returns 0, the answer
 * owned by the caller; -EINVAL when it is no such answer; -ENOMEM.
 */
must_use int memory_answer_read(const char *bytes, const char *netns_id, struct memory_answer *ret_answer);
void memory_answer_done(struct memory_answer *answer);

/*
 * Gives the owners to those groups of the verdict, taken at now_ns (CLOCK_REALTIME), that have neither a process nor an
 * owner. Where a group may have grown since, they are inferred. Returns to how many groups, or -ENOMEM; ret_seen_ns:
 * when the owners were seen last.
 */
must_use int memory_answer_attach(const struct memory_answer *answer, int64_t now_ns, struct verdict *verdict,
                                  int64_t *ret_seen_ns);
