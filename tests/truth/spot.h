/* Where a socket is bound: the rows of the address matrices of the kernel's bind rules. */
#pragma once

#include <netinet/in.h>

#include "model/endpoint.h"

enum spot {
    SPOT_IPV4_ANY,
    SPOT_LOOPBACK_1, /* 127.0.0.1 */
    SPOT_LOOPBACK_2, /* 127.0.0.2 */
    SPOT_DUAL,       /* ::, IPv4 as well */
    SPOT_V6ONLY,     /* :: with IPV6_V6ONLY */
    SPOT_IPV6_LOOPBACK,
    SPOT_MAPPED_LOOPBACK, /* ::ffff:127.0.0.1 */
    SPOT_MAPPED_ANY,      /* ::ffff:0.0.0.0 */
};
#define SPOT_COUNT 8
const char *spot_name(enum spot spot);

union spot_address {
    struct sockaddr generic;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};
/* AF_INET or AF_INET6. */
int spot_domain(enum spot spot);
/* Fills in the socket address of a numeric address; returns its length. */
socklen_t spot_address(const char *numeric, uint16_t port, union spot_address *ret_address);
socklen_t spot_address_of(const struct address *address, uint16_t port, union spot_address *ret_address);

/* A socket of the spot's family, IPV6_V6ONLY set as the spot says. Binds it. Both return 0 or a negative errno. */
must_use int spot_prepare(int fd, enum spot spot);
must_use int spot_bind(int fd, enum spot spot, uint16_t port);

/* The address that a peer connects to, so that it reaches the spot; ipv6 chooses for a dual-stack one. */
const char *spot_reached_at(enum spot spot, bool ipv6);
/* The loopback address that a socket bound to the spot connects to, as that socket writes it. */
const char *spot_connects_to(enum spot spot, bool ipv6);
