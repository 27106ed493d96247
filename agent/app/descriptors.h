/*
 * File descriptors for the HTTP server: libmicrohttpd stops to accept when there is none left, and so would the agent's
 * own work. Hence no more connections are taken than there are descriptors for.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"

struct descriptors {
    unsigned connections; /* for each listener, at most as wanted */
    size_t limit;         /* that there may be, of any kind */
    size_t needed;        /* for as many connections as wanted */
    size_t namespaces;    /* beside the agent's own, that there are some left for */
};

/*
 * Raises the soft RLIMIT_NOFILE to the hard one: nothing here uses select(). Returns 0, or -EMFILE with the figures
 * when there is not even one connection, of those wanted, for each listener.
 */
must_use int descriptors_reserve(size_t listener_count, unsigned wanted, struct descriptors *ret_descriptors,
                                 struct error *error);
