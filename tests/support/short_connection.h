/* TCP connections of a process with itself that are closed in a known order, for makers of load. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/cleanup.h"

union place {
    struct sockaddr generic;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

struct short_connection {
    int near; /* the client's end; -1: not open */
    int far;  /* the server's */
};

/* Who sends the first FIN, and so keeps the TIME_WAIT; both: the FINs cross, and each end keeps one. */
enum closer { CLOSER_SERVER, CLOSER_CLIENT, CLOSER_BOTH };

/* All but the first: 0, or -1 after they have said on standard error what is wrong. */

/* Returns 0 or -EINVAL. */
must_use int place_read(const char *address, uint16_t port, union place *ret_place);

must_use int short_connection_listen(const union place *place, bool reuseaddr, int *ret_listener);

/* From one place to another, of which `listener` takes it. -EADDRINUSE, unsaid: the place is taken. */
must_use int short_connection_open(int listener, const union place *from, const union place *to,
                                   struct short_connection *ret_connection);

/* Closes all of them, the closer first, and waits until both ends know. */
must_use int short_connection_close(struct short_connection *connections, size_t count, enum closer closer);
