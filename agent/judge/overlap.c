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

/*
 * ipv4_rcv_saddr_equal(): an IPv6 socket that is not v6only is in the way through its IPv4 stand-in. A TCP bind to just
 * that address meets it only before Linux 6.1, which looks up sockets by their address (inet_csk_get_port, bhash2).
 */
static enum overlap with_ipv4_bind(const struct address *local, enum v6only v6only, const struct address *bind_address)
{
    if (local->family == FAMILY_IPV4)
        return same_or_wildcard(local, bind_address) ? OVERLAP_YES : OVERLAP_NO;
    if (address_is_wildcard(local) || address_is_wildcard(bind_address))
        return if_dual_stack(v6only);
    return address_equal(&ipv6_stand_in, bind_address) && v6only != V6ONLY_YES ? OVERLAP_PERHAPS : OVERLAP_NO;
}

/* ipv6_rcv_saddr_equal() for a bind to :: without IPV6_V6ONLY, or to one IPv6 address, which makes itself v6only. */
static enum overlap with_ipv6_bind(const struct address *local, const struct address *bind_address)
{
    if (local->family == FAMILY_IPV4)
        return address_is_wildcard(bind_address) ? OVERLAP_YES : OVERLAP_NO;
    return same_or_wildcard(local, bind_address) ? OVERLAP_YES : OVERLAP_NO;
}

/* One local address stands for many: those of one family meet a wildcard, or the other family, all alike. */
static enum overlap of_many_locals(enum family family, enum overlap of_one, const struct address *bind_address)
{
    bool alike = address_is_wildcard(bind_address) ? family == FAMILY_IPV4 || bind_address->family == FAMILY_IPV6
                                                   : family == FAMILY_IPV4 && bind_address->family == FAMILY_IPV6;
    return alike ? of_one : OVERLAP_PERHAPS;
}

/*
 * A request socket (net/ipv4/inet_connection_sock.c, inet_csk_reqsk_queue_hash_add) holds no port: it is in the table
 * until its timer ends it, also when its listener is long gone. Fast Open alone makes a whole socket in this state.
 */
bool overlap_is_request(const struct holder *holder)
{
    return holder->state == SOCK_SYN_RECV && holder->inode_count == 0;
}

enum overlap overlap_of(const struct holder *holder, const struct address *bind_address)
{
    struct address local = address_unmapped(&holder->local);
    enum overlap overlap = bind_address->family == FAMILY_IPV4 ? with_ipv4_bind(&local, holder->v6only, bind_address)
                                                               : with_ipv6_bind(&local, bind_address);
    if (holder->many_locals)
        overlap = of_many_locals(holder->family, overlap, bind_address);
    return overlap == OVERLAP_YES && overlap_is_request(holder) ? OVERLAP_PERHAPS : overlap;
}
