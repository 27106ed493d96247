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
