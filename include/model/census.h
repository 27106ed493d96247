/*
 * The sockets of one namespace, counted. Records are folded in as they arrive; memory depends on the ports that
 * are tracked, never on how many sockets there are. The census lives as long as the agent: it remembers which
 * ports are tracked; each round begins it anew.
 */
#pragma once

#include "model/destinations.h"
#include "model/entered.h"
#include "model/holder.h"
#include "model/kernel.h"
#include "model/ledger.h"
#include "model/ownership.h"

struct census;

struct census_limits {
    size_t max_ports;        /* tracked at the most */
    bool track_listeners;    /* TCP ports with a listener, and UDP ports outside ip_local_port_range */
    bool track_all;          /* every local port that has a socket */
    bool track_traffic;      /* what enters TIME_WAIT, and where ephemeral ports lead: over several rounds */
    int64_t forget_after_ns; /* a port that is not watched is forgotten so long after its last socket */
};

/* Counts of one tracked port, or of all that are not tracked. */
struct census_port {
    enum protocol protocol;
    uint16_t port; /* 0 for the sums `ephemeral` and `other` */
    bool watched;
    bool listening;       /* a listener was seen this round (TCP) */
    int64_t last_seen_ns; /* CLOCK_MONOTONIC of the last round that saw a socket on it; 0: none did */
    uint64_t states[SOCK_STATE_COUNT];
    uint32_t longest_time_wait_ms; /* largest sock_due_ms() of a TIME_WAIT, from the beginning of the round */
    struct holders holders;        /* empty for the two sums */
};

must_use int census_new(const struct census_limits *limits, struct census **ret_census);
void census_free(struct census *census);
static inline void census_freep(struct census **census)
{
    census_free(*census);
}

struct census_watch {
    enum protocol protocol;
    uint16_t port;
};

/*
 * Between two rounds: from now on these limits (of track_traffic what census_new() was given), and these ports, which
 * may be named twice, are watched: never forgotten. Any that no longer is stays tracked as others are. Where there is
 * no room what is not watched goes, the longest silent first. Every counter lives on. Returns 0; -ENOSPC when more
 * ports are watched than limits allow, or -ENOMEM: then nothing has changed.
 */
must_use int census_configure(struct census *census, const struct census_limits *limits,
                              const struct census_watch *watches, size_t count);

/* From now on at most so many ports are tracked; none that is goes for that. */
void census_limit(struct census *census, size_t max_ports);

/* When the longest silent port that is not watched was seen last, CLOCK_MONOTONIC; INT64_MAX: none is silent. */
int64_t census_silent_since(const struct census *census);
/* Forgets that one. */
void census_drop_silent(struct census *census);

/* Starts a round: all counts zero, what is tracked kept. Also after a walk that failed half way. */
void census_begin(struct census *census, int64_t now_ns, const struct kernel_settings *settings);

/*
 * Folds one socket in. A port is tracked from its first socket that earns it: the kernel dumps listeners before
 * every other state (net/ipv4/inet_diag.c, inet_diag_dump_icsk), so nothing of a new listener's port is missed.
 * When max_ports is reached, the longest silent port goes, never one that has sockets; else it is counted in `other`.
 * Returns 0 or -ENOMEM.
 */
must_use int census_add(struct census *census, const struct sock *sock);

/* Ends a round that saw every socket: forgets ports that have been silent too long. */
void census_end(struct census *census);

/* Sockets of this protocol, family and state in this round. */
uint64_t census_total(const struct census *census, enum protocol protocol, enum family family, enum sock_state state);
/* Sockets folded in since census_begin(). */
uint64_t census_sockets(const struct census *census);
/* Distinct local ports inside ip_local_port_range that have a socket; and how many they are. */
const struct port_set *census_used_ports(const struct census *census, enum protocol protocol);
uint32_t census_ephemeral_used(const struct census *census, enum protocol protocol);

/* Tracked ports, by protocol, then port; index < census_port_count(). Valid until the next census_begin(). */
size_t census_port_count(const struct census *census);
const struct census_port *census_port_at(const struct census *census, size_t index);
/* NULL when it is not tracked. */
const struct census_port *census_port_find(const struct census *census, enum protocol protocol, uint16_t port);
/* The untracked ports inside ip_local_port_range, and all other untracked ones, together. */
const struct census_port *census_ephemeral(const struct census *census, enum protocol protocol);
const struct census_port *census_other(const struct census *census, enum protocol protocol);

/*
 * After census_end(), where traffic is tracked: the TCP ports of ip_local_port_range that are kept from every
 * connect(), because bind() chose them: for a listener, a bound socket, or a connection that census_add_chosen() told
 * of; or for one that is in TIME_WAIT now, as far as a round has seen it before.
 */
const struct port_set *census_bound_ports(const struct census *census);

/* After census_end(): a connection whose port was chosen by bind(). */
void census_add_chosen(struct census *census, const struct sock *sock);

/* What was tracked of traffic; NULL unless limits ask for it. */
const struct ledger *census_ledger(const struct census *census);
const struct entered *census_entered(const struct census *census);
const struct destinations *census_destinations(const struct census *census);

/* Who has and had the sockets of tracked TCP ports. */
struct ownership *census_ownership(struct census *census);
