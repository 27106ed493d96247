/*
 * How many sockets the namespace has that the calling thread is in, without looking at any: /proc/net/sockstat and
 * sockstat6 (net/ipv4/proc.c). A handshake under way is in none of these numbers.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

struct sockstat {
    uint64_t used;          /* sockets of any kind that a process has open */
    uint64_t tcp;           /* that listen, or are connections, orphans among them */
    uint64_t tcp_time_wait; /* minisockets: TIME_WAIT, and orphaned FIN_WAIT2 */
    uint64_t udp;           /* that have a port */
};

/* Returns 0 or a negative errno. */
must_use int sockstat_read(struct sockstat *ret_sockstat);
