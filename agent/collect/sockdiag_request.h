/* The requests of sockdiag.c, as bytes. */
#pragma once

#include "sockdiag.h"

#define SOCKDIAG_REQUEST_SIZE 256

/* Bits of a states mask, by the numbers of include/net/tcp_states.h. */
#define SOCKDIAG_STATES_LISTEN (1U << 10)
#define SOCKDIAG_STATES_BOUND_INACTIVE (1U << 13) /* no effect before Linux 6.8 */
#define SOCKDIAG_STATES_LIVE 0x1bbeU /* connections that a process has or may have: no TIME_WAIT, no listener */
#define SOCKDIAG_STATES_TCP (0x1ffeU | SOCKDIAG_STATES_BOUND_INACTIVE)

struct nlmsghdr;

/* Both write into buffer, which is aligned for a struct nlmsghdr, and return its beginning. */

/* The legacy request: one walk of the table for both families. There is none for UDP. */
const struct nlmsghdr *sockdiag_request_tcp(uint8_t buffer[static SOCKDIAG_REQUEST_SIZE], uint32_t sequence,
                                            const struct sockets_query *query, uint32_t states);

/* family: AF_INET or AF_INET6. */
const struct nlmsghdr *sockdiag_request_udp(uint8_t buffer[static SOCKDIAG_REQUEST_SIZE], uint32_t sequence,
                                            const struct sockets_query *query, uint8_t family);
