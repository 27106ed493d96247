/*
 * From netlink bytes to sockets. Pure, and safe for any bytes at all, at any alignment: what fuzzers hit. libmnl never
 * sees these bytes: its checks are signed, and a bad length makes it read on for ever.
 *
 * Sources: netlink(7), sock_diag(7), net/ipv4/inet_diag.c, net/ipv4/tcp_diag.c.
 */
#pragma once

#include "sockdiag.h"

/*
 * Reads one message of a dump, its header included; length is that of the whole message.
 * Returns 0, or -EBADMSG with the reason, also for a state or family that this version does not know: a socket that
 * cannot be counted makes the counts wrong.
 */
must_use int sockdiag_decode(const void *message, size_t length, enum protocol protocol, struct sock *ret_sock,
                             struct error *error);
