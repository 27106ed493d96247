#include "sockdiag_decode.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <sys/socket.h>

#include "sockstate.h"

/* idiag_timer of a minisocket. */
#define TIMER_TIME_WAIT 3

/* Not yet read bytes of a message. Each step is checked against length, and everything is copied out: any alignment. */
struct span {
    const uint8_t *bytes;
    size_t length;
};

/* Moves past size bytes, or past all of them when fewer are left: only padding can be missing at the end. */
static void span_skip(struct span *span, size_t size)
{
    size_t taken = size < span->length ? size : span->length;
    span->bytes += taken;
    span->length -= taken;
}

/* What the attributes of a message say. */
struct attributes {
    bool v6only_known;
    bool v6only;
    struct span info; /* a struct tcp_info, as much of it as this kernel has; empty: it was not told */
};

static bool decode_family(uint8_t number, enum family *ret_family)
{
    if (number != AF_INET && number != AF_INET6)
        return false;
    *ret_family = number == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
    return true;
}

static struct address decode_address(enum family family, const uint32_t words[static 4])
{
    struct address address = {.family = family};
    memcpy(address.bytes, words, family == FAMILY_IPV4 ? 4 : sizeof(address.bytes));
    return address;
}

static bool decode_attributes(struct span span, struct attributes *ret_attributes)
{
    struct attributes attributes = {0};
    while (span.length > 0) {
        struct nlattr header;
        if (span.length < sizeof(header))
            return false;
        memcpy(&header, span.bytes, sizeof(header));
        if (header.nla_len < sizeof(header) || header.nla_len > span.length)
            return false;

        const uint8_t *payload = span.bytes + sizeof(header);
        size_t length = header.nla_len - sizeof(header);
        switch (header.nla_type & NLA_TYPE_MASK) {
        case INET_DIAG_SKV6ONLY:
            if (length < 1)
                return false;
            attributes.v6only_known = true;
            attributes.v6only = payload[0] != 0;
            break;
        case INET_DIAG_INFO:
            attributes.info = (struct span){payload, length};
            break;
        default:
            break;
        }
        span_skip(&span, (size_t)NLA_ALIGN(header.nla_len));
    }
    *ret_attributes = attributes;
    return true;
}

static enum v6only decode_v6only(const struct sock *sock, const struct attributes *attributes)
{
    struct address unmapped = address_unmapped(&sock->local);
    if (unmapped.family == FAMILY_IPV4)
        return V6ONLY_NO;
    if (!attributes->v6only_known)
        return V6ONLY_UNKNOWN;
    return attributes->v6only ? V6ONLY_YES : V6ONLY_NO;
}

/*
 * The opener's SYN took a sequence number which the peer acknowledged, the acceptor's was sent by a request socket that
 * kept no counts: with nothing in flight, what is acknowledged is one more than what was sent, or the same. tcp_info is
 * filled under the socket's lock, so its fields belong together. After an own FIN this no longer holds.
 */
static enum direction direction_of_info(struct span span)
{
    struct tcp_info info;
    size_t needed = offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof(info.tcpi_bytes_retrans);
    if (span.length < needed)
        return DIRECTION_UNKNOWN;
    memcpy(&info, span.bytes, needed);
    if (info.tcpi_unacked > 0)
        return DIRECTION_UNKNOWN;
    uint64_t beyond = info.tcpi_bytes_acked - (info.tcpi_bytes_sent - info.tcpi_bytes_retrans);
    if (beyond > 1)
        return DIRECTION_UNKNOWN;
    return beyond == 1 ? DIRECTION_OUTBOUND : DIRECTION_INBOUND;
}

static enum direction decode_direction(const struct sock *sock, const struct attributes *attributes)
{
    enum direction direction = sockstate_direction(sock);
    bool open = sock->state == SOCK_ESTABLISHED || sock->state == SOCK_CLOSE_WAIT;
    if (direction != DIRECTION_UNKNOWN || sock->protocol != PROTOCOL_TCP || !open)
        return direction;
    return direction_of_info(attributes->info);
}

int sockdiag_decode(const void *message, size_t length, enum protocol protocol, struct sock *ret_sock,
                    struct error *error)
{
    struct span span = {message, length};
    struct inet_diag_msg diag;
    if (length < NLMSG_HDRLEN + sizeof(diag))
        return error_set(error, -EBADMSG, "the kernel's %s dump holds a message cut short", protocol_name(protocol));
    span_skip(&span, NLMSG_HDRLEN);
    memcpy(&diag, span.bytes, sizeof(diag));
    span_skip(&span, NLMSG_ALIGN(sizeof(diag)));

    struct sock sock = {
        .protocol = protocol,
        .local_port = ntohs(diag.id.idiag_sport),
        .remote_port = ntohs(diag.id.idiag_dport),
        .interface = diag.id.idiag_if,
        .inode = diag.idiag_inode,
        .uid = diag.idiag_uid,
        .cookie = (uint64_t)diag.id.idiag_cookie[1] << 32 | diag.id.idiag_cookie[0],
    };
    if (!decode_family(diag.idiag_family, &sock.family))
        return error_set(error, -EBADMSG, "the kernel shows a %s socket of the unknown family %u",
                         protocol_name(protocol), diag.idiag_family);
    if (!sockstate_decode(protocol, diag.idiag_state, &sock.state))
        return error_set(error, -EBADMSG, "the kernel shows a %s socket in the unknown state %u",
                         protocol_name(protocol), diag.idiag_state);
    struct attributes attributes;
    if (!decode_attributes(span, &attributes))
        return error_set(error, -EBADMSG, "the kernel's %s dump holds a malformed attribute", protocol_name(protocol));

    sock.local = decode_address(sock.family, diag.id.idiag_src);
    sock.remote = decode_address(sock.family, diag.id.idiag_dst);
    sock.minisocket =
        sock.state == SOCK_TIME_WAIT || (sock.state == SOCK_FIN_WAIT2 && diag.idiag_timer == TIMER_TIME_WAIT);
    if (sock.minisocket)
        sock.remaining_ms = diag.idiag_expires;
    if (sock.state == SOCK_LISTEN) {
        sock.queue_length = diag.idiag_rqueue;
        sock.queue_limit = diag.idiag_wqueue;
    }
    sock.v6only = decode_v6only(&sock, &attributes);
    sock.direction = decode_direction(&sock, &attributes);
    *ret_sock = sock;
    return 0;
}
