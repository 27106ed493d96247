/* Whether a socket is in the way of a bind: same port given, do the addresses overlap? */
#pragma once

#include "model/verdict.h"

enum overlap { OVERLAP_NO, OVERLAP_YES, OVERLAP_PERHAPS };

/*
 * inet_rcv_saddr_equal() of net/ipv4/inet_connection_sock.c, with :: as a dual-stack bind. PERHAPS when it depends on
 * an IPV6_V6ONLY that the kernel does not tell, the group gathers several addresses, or it is a SYN_RECV that holds a
 * port only when it came by Fast Open.
 */
enum overlap overlap_of(const struct holder *holder, const struct address *bind_address);

/* True for a SYN_RECV that most likely holds no port, so that anything else in the way is the better reason. */
bool overlap_is_request(const struct holder *holder);
