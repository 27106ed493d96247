#include "judge/overlap.h"

/* What the kernel writes into the IPv4 address of a socket that has a real IPv6 one (LOOPBACK4_IPV6, 127.0.0.6). */
static const struct address ipv6_stand_in = {.family = FAMILY_IPV4, .bytes = {127, 0, 0, 6}};

static bool same_or_wildcard(const struct address *left, const struct address *right)
{
    return address_is_wildcard(left) || address_is_wildcard(right) || address_equal(left, right);
}

/* YES when it is dual-stack, NO when it is not, PERHAPS when the kernel does not tell. */
static enum overlap if_dual_stack(enum v6only v6only)
{
    switch (v6only) {
    case V6ONLY_NO:
        return OVERLAP_YES;
    case V6ONLY_YES:
        return OVERLAP_NO;
    case V6ONLY_UNKNOWN:
        return OVERLAP_PERHAPS;
    }
    return OVERLAP_PERHAPS;
}

/* ipv4_rcv_saddr_equal(): an IPv6 socket that is not v6only is in the way through its IPv4 stand-in. */
static enum overlap with_ipv4_bind(const struct address *local, enum v6only v6only, const struct address *bind_address)
{
    if (local->family == FAMILY_IPV4)
        return same_or_wildcard(local, bind_address) ? OVERLAP_YES : OVERLAP_NO;
    bool meets = address_is_wildcard(local) || same_or_wildcard(&ipv6_stand_in, bind_address);
    return meets ? if_dual_stack(v6only) : OVERLAP_NO;
}

/* ipv6_rcv_saddr_equal() for a bind to :: without IPV6_V6ONLY, or to one IPv6 address, which makes itself v6only. */
static enum overlap with_ipv6_bind(const struct address *local, const struct address *bind_address)
{
    if (local->family == FAMILY_IPV4)
        return address_is_wildcard(bind_address) ? OVERLAP_YES : OVERLAP_NO;
    return same_or_wildcard(local, bind_address) ? OVERLAP_YES : OVERLAP_NO;
}

enum overlap overlap_of(const struct holder *holder, const struct address *bind_address)
{
    struct address local = address_unmapped(&holder->local);
    enum overlap overlap = bind_address->family == FAMILY_IPV4 ? with_ipv4_bind(&local, holder->v6only, bind_address)
                                                               : with_ipv6_bind(&local, bind_address);
    if (!holder->many_locals)
        return overlap;
    bool surely = address_is_wildcard(bind_address) &&
                  (bind_address->family == FAMILY_IPV6 || holder->family == FAMILY_IPV4);
    return surely ? OVERLAP_YES : OVERLAP_PERHAPS;
}
