#include "model/sockaddr.h"

#include <arpa/inet.h>

socklen_t sockaddr_fill(union sockaddr_any *ret_sockaddr, const struct address *address, uint16_t port)
{
    *ret_sockaddr = (union sockaddr_any){0};
    switch (address->family) {
    case FAMILY_IPV4:
        ret_sockaddr->ipv4.sin_family = AF_INET;
        ret_sockaddr->ipv4.sin_port = htons(port);
        memcpy(&ret_sockaddr->ipv4.sin_addr, address->bytes, sizeof(ret_sockaddr->ipv4.sin_addr));
        return sizeof(ret_sockaddr->ipv4);
    case FAMILY_IPV6:
        ret_sockaddr->ipv6.sin6_family = AF_INET6;
        ret_sockaddr->ipv6.sin6_port = htons(port);
        memcpy(&ret_sockaddr->ipv6.sin6_addr, address->bytes, sizeof(ret_sockaddr->ipv6.sin6_addr));
        return sizeof(ret_sockaddr->ipv6);
    }
    return 0;
}

struct address sockaddr_address(const struct sockaddr *sockaddr)
{
    union sockaddr_any any = {0};
    struct address address = {0};
    if (sockaddr->sa_family == AF_INET) {
        memcpy(&any.ipv4, sockaddr, sizeof(any.ipv4));
        memcpy(address.bytes, &any.ipv4.sin_addr, sizeof(any.ipv4.sin_addr));
    } else if (sockaddr->sa_family == AF_INET6) {
        memcpy(&any.ipv6, sockaddr, sizeof(any.ipv6));
        address.family = FAMILY_IPV6;
        memcpy(address.bytes, &any.ipv6.sin6_addr, sizeof(any.ipv6.sin6_addr));
    }
    return address_unmapped(&address);
}
