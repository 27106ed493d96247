/* The socket tables through netlink. */
#pragma once

#include "collect/sockets.h"

/* One netlink socket. */
struct sockdiag;

/*
 * Opens it and finds out, by an own bound socket, whether this kernel shows sockets that are bound but not listening.
 * Returns 0 or a negative errno (-EPROTONOSUPPORT, -EOPNOTSUPP, -ENOENT: this kernel has no INET_DIAG for TCP or UDP).
 */
must_use int sockdiag_open(struct sockdiag **ret_sockdiag, struct error *error);
void sockdiag_close(struct sockdiag *sockdiag);
static inline void sockdiag_closep(struct sockdiag **sockdiag)
{
    sockdiag_close(*sockdiag);
}

bool sockdiag_shows_bound(const struct sockdiag *sockdiag);

/* sockets_walk(): TCP in one walk for both families, UDP in two. After a failure, the next starts on a new socket. */
must_use int sockdiag_walk(struct sockdiag *sockdiag, const struct sockets_query *query, sockets_visit *visit,
                           void *context, struct error *error);
