/*
 * Ephemeral ports by where they lead: how many each (source, destination, port) has taken. A connect() needs a port
 * that is not taken towards the same place, so exhaustion is a matter of one destination, never of the host.
 */
#pragma once

#include "model/sock.h"

struct destination {
    enum protocol protocol;
    struct address source;      /* unmapped */
    struct address destination; /* unmapped */
    uint16_t port;
    uint32_t live;             /* ports taken by connections, orphans among them */
    uint32_t time_wait;        /* ports taken by TIME_WAITs */
    uint32_t reusable;         /* of those: the ones that connect() may take over (tcp_tw_reuse) */
    uint32_t chosen;           /* of those taken: by bind(), so that the port is lost to every other connect(), too */
    uint64_t entered_total;    /* into TIME_WAIT, since this destination is in the table */
    uint64_t entered;          /* in this round */
    double entered_per_second; /* smoothed over some rounds */
    double growth_per_second;  /* of the live ones, likewise; negative when they get fewer */
    uint32_t live_before;      /* in the last round that ended */
    bool settled;              /* had a socket in the last round that ended */
    bool rated;                /* the rates have begun */
};

struct destinations;

/*
 * At most max_count are told apart, fewer where memory lacks; sockets of others are only counted
 * (destinations_uncounted()).
 */
must_use int destinations_new(size_t max_count, struct destinations **ret_destinations);
void destinations_free(struct destinations *destinations);

/* Starts a round. Destinations that had no socket in the round before make room. */
void destinations_begin(struct destinations *destinations);

/* A socket whose local port is in ip_local_port_range and that has a peer. */
void destinations_add(struct destinations *destinations, const struct sock *sock, bool entered, bool reusable);

/* The socket, added before, has a port that was chosen by bind(). */
void destinations_mark_chosen(struct destinations *destinations, const struct sock *sock);

/* The round was whole: totals grow by what entered. elapsed_ns: since the round before; 0 in the first. */
void destinations_end(struct destinations *destinations, int64_t elapsed_ns);

/* In no order; index < destinations_count(). Some may have no socket in this round. */
size_t destinations_count(const struct destinations *destinations);
const struct destination *destinations_at(const struct destinations *destinations, size_t index);

/* Sockets of this round for which the table had no room. */
uint64_t destinations_uncounted(const struct destinations *destinations);
