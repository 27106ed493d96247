/* An address as the socket calls take it. */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "model/endpoint.h"

union sockaddr_any {
    struct sockaddr generic;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

/* Returns the length that goes with it. */
socklen_t sockaddr_fill(union sockaddr_any *ret_sockaddr, const struct address *address, uint16_t port);

/* Its address, unmapped; 0.0.0.0 when it has none of ours. */
struct address sockaddr_address(const struct sockaddr *sockaddr);
