/*
 * The kernel's socket tables through netlink (sock_diag(7)). No capability is needed. No netlink type leaves this
 * folder.
 */
#pragma once

#include "model/sock.h"

/* One netlink socket; sees the namespace that the calling thread was in at sockdiag_open(), for life. */
struct sockdiag;

/*
 * Opens it and finds out, by an own bound socket, whether this kernel shows sockets that are bound but not listening.
 * Returns 0 or a negative errno (-EPROTONOSUPPORT, -EOPNOTSUPP, -ENOENT: this kernel has no INET_DIAG).
 */
must_use int sockdiag_open(struct sockdiag **ret_sockdiag, struct error *error);
void sockdiag_close(struct sockdiag *sockdiag);
static inline void sockdiag_closep(struct sockdiag **sockdiag)
{
    sockdiag_close(*sockdiag);
}

/* True when SOCK_BOUND_INACTIVE sockets are among those that a walk shows (Linux >= 6.8). */
bool sockdiag_shows_bound(const struct sockdiag *sockdiag);

struct sockdiag_query {
    enum protocol protocol;
    uint16_t port;       /* this local port only, filtered in the kernel; 0: every socket */
    uint16_t last_port;  /* local ports from port to this one; 0: port only */
    bool explicit_binds; /* TCP: only connections whose source port was chosen by bind(), TIME_WAITs left out */
    bool listeners;      /* TCP: only those that listen: a small table of their own, cheap whatever else there is */
    bool directions;     /* ask for tcp_info, which tells who opened a connection; dear: for one port only */
};

/* Takes one socket; a negative errno ends the walk. */
typedef int sockdiag_visit(void *context, const struct sock *sock);

/*
 * Calls visit for every socket the query asks for, listeners first. TCP: one walk for both families; UDP: two.
 * Returns 0 when the walk was whole; a negative errno when anything was amiss (interrupted, overrun, cut short,
 * malformed, or what visit returned): the caller then drops what it has folded and begins again. The next walk
 * starts on a new netlink socket after a failure.
 */
must_use int sockdiag_walk(struct sockdiag *sockdiag, const struct sockdiag_query *query, sockdiag_visit *visit,
                           void *context, struct error *error);
