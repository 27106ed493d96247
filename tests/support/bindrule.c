#include "bindrule.h"

#include <string.h>

/* An address as both families of the kernel see it. */
struct views {
    enum { ANY, MAPPED, OTHER } kind; /* the IPv6 view: IPv4 counts as mapped */
    uint8_t ipv4[4];                  /* of OTHER it is a stand-in that only a wildcard meets, since Linux 6.1 */
};

static struct views views_of(const struct address *address)
{
    struct address unmapped = address_unmapped(address);
    struct views views = {.kind = OTHER, .ipv4 = {127, 0, 0, 6}};
    if (unmapped.family == FAMILY_IPV4) {
        views.kind = MAPPED;
        memcpy(views.ipv4, unmapped.bytes, 4);
    } else if (address_is_wildcard(&unmapped)) {
        views.kind = ANY;
        memset(views.ipv4, 0, 4);
    }
    return views;
}

static bool meet_in_ipv4(const struct views *left, const struct views *right)
{
    static const uint8_t any[4];
    if (memcmp(left->ipv4, any, 4) == 0 || memcmp(right->ipv4, any, 4) == 0)
        return true;
    return left->kind != OTHER && right->kind != OTHER && memcmp(left->ipv4, right->ipv4, 4) == 0;
}

static bool addresses_meet(const struct bindrule_socket *holder, const struct address *bind_address)
{
    struct views theirs = views_of(&holder->shown.local);
    struct views ours = views_of(bind_address);
    if (bind_address->family == FAMILY_IPV4)
        return !holder->v6only && meet_in_ipv4(&theirs, &ours);
    return ours.kind == ANY || theirs.kind == ANY || address_equal(&holder->shown.local, bind_address);
}

bool bindrule_conflicts(const struct bindrule_socket *holder, const struct address *bind_address, bool reuseaddr)
{
    bool both_reuse = reuseaddr && holder->reuseaddr && holder->shown.state != SOCK_LISTEN;
    return !holder->unbound && !both_reuse && addresses_meet(holder, bind_address);
}
