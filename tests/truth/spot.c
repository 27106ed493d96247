#include "spot.h"

#include <arpa/inet.h>
#include <errno.h>

static const struct {
    const char *name;
    const char *address;
    int v6only;
} spots[SPOT_COUNT] = {
    [SPOT_IPV4_ANY] = {"0.0.0.0", "0.0.0.0", 0},
    [SPOT_LOOPBACK_1] = {"127.0.0.1", "127.0.0.1", 0},
    [SPOT_LOOPBACK_2] = {"127.0.0.2", "127.0.0.2", 0},
    [SPOT_DUAL] = {"[::]", "::", 0},
    [SPOT_V6ONLY] = {"[::] v6only", "::", 1},
    [SPOT_IPV6_LOOPBACK] = {"[::1]", "::1", 0},
    [SPOT_MAPPED_LOOPBACK] = {"[::ffff:127.0.0.1]", "::ffff:127.0.0.1", 0},
    [SPOT_MAPPED_ANY] = {"[::ffff:0.0.0.0]", "::ffff:0.0.0.0", 0},
};

const char *spot_name(enum spot spot)
{
    return spots[spot].name;
}

int spot_domain(enum spot spot)
{
    return strchr(spots[spot].address, ':') != NULL ? AF_INET6 : AF_INET;
}

socklen_t spot_address(const char *numeric, uint16_t port, union spot_address *ret_address)
{
    *ret_address = (union spot_address){0};
    if (strchr(numeric, ':') != NULL) {
        ret_address->ipv6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        (void)inet_pton(AF_INET6, numeric, &ret_address->ipv6.sin6_addr);
        return sizeof(ret_address->ipv6);
    }
    ret_address->ipv4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    (void)inet_pton(AF_INET, numeric, &ret_address->ipv4.sin_addr);
    return sizeof(ret_address->ipv4);
}

socklen_t spot_address_of(const struct address *address, uint16_t port, union spot_address *ret_address)
{
    char numeric[ADDRESS_TEXT_MAX];
    address_format(address, numeric);
    return spot_address(numeric, port, ret_address);
}

int spot_prepare(int fd, enum spot spot)
{
    const int v6only = spots[spot].v6only;
    if (spot_domain(spot) != AF_INET6)
        return 0;
    return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) < 0 ? -errno : 0;
}

int spot_bind(int fd, enum spot spot, uint16_t port)
{
    union spot_address address;
    socklen_t length = spot_address(spots[spot].address, port, &address);
    return bind(fd, &address.generic, length) < 0 ? -errno : 0;
}

const char *spot_reached_at(enum spot spot, bool ipv6)
{
    switch (spot) {
    case SPOT_LOOPBACK_2:
        return "127.0.0.2";
    case SPOT_DUAL:
        return ipv6 ? "::1" : "127.0.0.1";
    case SPOT_V6ONLY:
    case SPOT_IPV6_LOOPBACK:
        return "::1";
    case SPOT_IPV4_ANY:
    case SPOT_LOOPBACK_1:
    case SPOT_MAPPED_LOOPBACK:
    case SPOT_MAPPED_ANY:
        return "127.0.0.1";
    }
    return NULL;
}

const char *spot_connects_to(enum spot spot, bool ipv6)
{
    switch (spot) {
    case SPOT_IPV4_ANY:
    case SPOT_LOOPBACK_1:
    case SPOT_LOOPBACK_2:
        return "127.0.0.1";
    case SPOT_DUAL:
        return ipv6 ? "::1" : "::ffff:127.0.0.1";
    case SPOT_V6ONLY:
    case SPOT_IPV6_LOOPBACK:
        return "::1";
    case SPOT_MAPPED_LOOPBACK:
    case SPOT_MAPPED_ANY:
        return "::ffff:127.0.0.1";
    }
    return NULL;
}
