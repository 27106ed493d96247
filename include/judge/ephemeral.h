/* How near a destination is to having no ephemeral port left. Pure. */
#pragma once

#include "model/destinations.h"
#include "model/kernel.h"

/* What the whole namespace leaves to every destination. */
struct ephemeral_range {
    uint32_t size;       /* of ip_local_port_range */
    uint32_t reserved;   /* of them, by ip_local_reserved_ports */
    uint32_t bound;      /* of the others: kept from every TCP connect() by a bind() */
    uint32_t udp_in_use; /* of the others: UDP ports are taken for every destination at once */
};

/* bound: TCP ports that a bind() chose; udp_used: UDP ports in use; other sets than ports of the range do not matter.
 */
void ephemeral_range_of(const struct kernel_settings *settings, const struct port_set *bound,
                        const struct port_set *udp_used, struct ephemeral_range *ret_range);

/* Ports taken towards the destination, by connections and TIME_WAITs. */
uint32_t ephemeral_taken(const struct destination *destination);

/*
 * What connect() can use towards it in all: those taken, and those that it could still use, TIME_WAITs that it may take
 * over among them (tcp_tw_reuse). Taken equals usable when connect() fails with EADDRNOTAVAIL. A port that bind(0)
 * chose for a connection cannot be told from one that connect() chose.
 * Source: __inet_hash_connect() in net/ipv4/inet_hashtables.c.
 */
uint32_t ephemeral_usable(const struct ephemeral_range *range, const struct destination *destination);

/*
 * Seconds until connect() finds none, at the destination's rates; 0: it finds none now; negative: that is not in sight.
 * A TIME_WAIT lasts for 60 s, so at a steady rate their number stops growing.
 */
double ephemeral_seconds_left(uint32_t usable, const struct destination *destination);

/* Taken over usable. 1 when nothing is usable, to a destination without a socket, too; 0 when the range is not known.
 */
double ephemeral_ratio(const struct ephemeral_range *range, const struct destination *destination);
