/*
 * The kernel's socket tables: through netlink (sock_diag(7)), or, where that is refused, from /proc/net. No capability
 * is needed. No netlink type leaves this folder.
 */
#pragma once

#include "base/error.h"
#include "model/sock.h"
#include "model/source.h"

/* One source of sockets; sees the namespace that the calling thread was in at sockets_open(), for life. */
struct sockets;

/*
 * Through netlink; where that is refused (no INET_DIAG, a policy), from /proc/net. Returns 0 or a negative errno with
 * the reason: netlink fails for another cause, or neither can be read.
 */
must_use int sockets_open(struct sockets **ret_sockets, struct error *error);
void sockets_close(struct sockets *sockets);
static inline void sockets_closep(struct sockets **sockets)
{
    sockets_close(*sockets);
}

/* Where they come from; changes in sockets_renew() only. */
struct source sockets_source(const struct sockets *sockets);

/*
 * For whoever walks for long: before a round, in the namespace of sockets_open(). A minute after netlink was refused,
 * tries it again; and where a walk has found that it is refused by now, turns to /proc/net. now_ns: CLOCK_MONOTONIC.
 */
void sockets_renew(struct sockets *sockets, int64_t now_ns);

/* True when SOCK_BOUND_INACTIVE sockets are among those that a walk shows (netlink, Linux >= 6.8). */
bool sockets_shows_bound(const struct sockets *sockets);

struct sockets_query {
    enum protocol protocol;
    uint16_t port;       /* this local port only, filtered in the kernel; 0: every socket */
    uint16_t last_port;  /* local ports from port to this one; 0: port only */
    bool explicit_binds; /* TCP: only connections whose source port was chosen by bind(), TIME_WAITs left out */
    bool listeners;      /* TCP: only those that listen: a small table of their own, cheap whatever else there is */
    bool directions;     /* ask for tcp_info, which tells who opened a connection; dear: for one port only */
    int64_t as_of_ns;    /* CLOCK_MONOTONIC: sock.read_after_ms counts from then; 0: it stays 0 */
};

/* Takes one socket; a negative errno ends the walk. */
typedef int sockets_visit(void *context, const struct sock *sock);

/*
 * Calls visit for every socket the query asks for, listeners first; -EOPNOTSUPP when the source cannot tell explicit
 * binds (SOURCE_PROCFS).
 * Returns 0 when the walk was whole; a negative errno when anything was amiss (interrupted, overrun, cut short,
 * malformed, or what visit returned): the caller then drops what it has folded and begins again.
 */
must_use int sockets_walk(struct sockets *sockets, const struct sockets_query *query, sockets_visit *visit,
                          void *context, struct error *error);
