/*
 * From a line of /proc/net/{tcp,tcp6,udp,udp6} to a socket. Pure, and safe for any text: what fuzzers hit.
 *
 * Sources: proc(5), get_tcp4_sock(), get_openreq4() and get_timewait4_sock() of net/ipv4/tcp_ipv4.c and their like.
 */
#pragma once

#include "base/error.h"
#include "model/sock.h"

/* One of these files. */
struct procnet_table {
    const char *name; /* "tcp6" */
    enum protocol protocol;
    enum family family;
    uint32_t ticks_per_second; /* of its timers: sysconf(_SC_CLK_TCK) */
};

/*
 * line: without its newline. The file does not tell a listener's backlog, an interface, IPV6_V6ONLY or a cookie: one is
 * derived. A timer is rounded up to its tick. Returns 0, or -EBADMSG with the reason, also for an unknown state.
 */
must_use int procnet_decode(const struct procnet_table *table, const char *line, struct sock *ret_sock,
                            struct error *error);
