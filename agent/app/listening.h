/* The agent's own listening sockets; and, when a port is taken, who has it: we of all tools. */
#pragma once

#include "options.h"

struct listening {
    int *fds;                   /* owned array; the descriptors too, until they are handed to the HTTP server */
    struct endpoint *endpoints; /* owned; as bound, port filled in */
    size_t count;
    bool passed; /* a service manager has opened them, and goes on using them */
};

/*
 * Takes those that a service manager has passed, which then stand in for --web.listen-address; without any, opens all
 * addresses or none. Returns 0 or a negative errno; -EADDRINUSE with a reason that names the holder.
 */
must_use int listening_open(const struct options *options, struct listening *ret_listening, struct error *error);
/* Closes descriptors that are still its own (not -1), and frees. */
void listening_done(struct listening *listening);
