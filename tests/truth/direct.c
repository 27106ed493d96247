#include "direct.h"

#include <errno.h>

#include "spot.h"

int direct_bind(enum protocol protocol, const struct address *address, uint16_t port, bool reuseaddr)
{
    const int on = 1;
    const int off = 0;
    int domain = address->family == FAMILY_IPV6 ? AF_INET6 : AF_INET;
    int type = protocol == PROTOCOL_TCP ? SOCK_STREAM : SOCK_DGRAM;
    cleanup(cleanup_close) int fd = socket(domain, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    if (reuseaddr && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return errno;
    if (domain == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0)
        return errno;
    union spot_address where;
    socklen_t length = spot_address_of(address, port, &where);
    return bind(fd, &where.generic, length) < 0 ? errno : 0;
}

static struct direct addresses_of(const struct endpoint *endpoint)
{
    struct direct direct = {0};
    if (!endpoint->any_address)
        direct.cells[direct.count++].address = endpoint->address;
    else
        for (enum family family = FAMILY_IPV4; family <= FAMILY_IPV6; family++)
            direct.cells[direct.count++].address = (struct address){.family = family};
    return direct;
}

struct direct direct_ask(const struct endpoint *endpoint)
{
    struct direct direct = addresses_of(endpoint);
    bool plain = true;
    bool reuseaddr = endpoint->protocol == PROTOCOL_TCP;
    for (size_t i = 0; i < direct.count; i++) {
        struct direct_cell *cell = &direct.cells[i];
        cell->plain = direct_bind(endpoint->protocol, &cell->address, endpoint->port, false);
        plain = plain && cell->plain == 0;
        if (endpoint->protocol == PROTOCOL_TCP)
            cell->reuseaddr = direct_bind(PROTOCOL_TCP, &cell->address, endpoint->port, true);
        reuseaddr = reuseaddr && cell->reuseaddr == 0;
    }
    direct.kind = plain ? VERDICT_FREE : reuseaddr ? VERDICT_REUSABLE : VERDICT_HELD;
    return direct;
}
