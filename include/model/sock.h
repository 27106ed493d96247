/* One socket of the kernel's tables, as a plain value: host byte order, no pointers. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "model/endpoint.h"

/* Every state that a protocol can show. UDP knows only ESTABLISHED (connected) and CLOSE (not connected). */
enum sock_state {
    SOCK_ESTABLISHED,
    SOCK_SYN_SENT,
    SOCK_SYN_RECV,
    SOCK_FIN_WAIT1,
    SOCK_FIN_WAIT2,
    SOCK_TIME_WAIT,
    SOCK_CLOSE,
    SOCK_CLOSE_WAIT,
    SOCK_LAST_ACK,
    SOCK_LISTEN,
    SOCK_CLOSING,
    SOCK_BOUND_INACTIVE, /* bound, neither listening nor connected; shown by kernels since 6.8 */
};
#define SOCK_STATE_COUNT 12

/* "established" … "bound_inactive". */
const char *sock_state_name(enum sock_state state);
/* True when sockets of this protocol can be in the state. */
bool sock_state_exists(enum protocol protocol, enum sock_state state);

/* Who opened a connection. A TIME_WAIT does not tell. */
enum direction { DIRECTION_UNKNOWN, DIRECTION_INBOUND, DIRECTION_OUTBOUND };
const char *direction_name(enum direction direction);

/* Whether an IPv6 socket has IPV6_V6ONLY: the kernel tells it of listening and unconnected sockets only. */
enum v6only { V6ONLY_UNKNOWN, V6ONLY_NO, V6ONLY_YES };

/* Where the source does not tell the backlog: no queue is fuller than that. */
#define SOCK_QUEUE_LIMIT_UNKNOWN UINT32_MAX
/* Set in a cookie that stands in for the kernel's: made of addresses and ports, which the next socket may have, too. */
#define SOCK_COOKIE_DERIVED (UINT64_C(1) << 63)

struct sock {
    enum protocol protocol;
    enum family family; /* of the socket: an IPv4 client of a dual-stack server is IPv6, its addresses IPv4-mapped */
    enum sock_state state;
    enum direction direction;
    enum v6only v6only; /* V6ONLY_NO for IPv4 sockets */
    bool minisocket;    /* TIME_WAIT, or an orphaned FIN_WAIT2 that only a timer keeps */
    struct address local;
    struct address remote;
    uint16_t local_port;
    uint16_t remote_port;
    uint32_t interface; /* index of the interface it is bound to, 0: none */
    uint32_t
        remaining_ms; /* minisockets: until the timer is due; stays 0 up to the timer slack while it still exists */
    uint32_t read_after_ms; /* how long after sockets_query.as_of_ns the kernel told of it */
    uint32_t queue_length;  /* listeners: connections waiting for accept() */
    uint32_t queue_limit;   /* listeners: the backlog, or SOCK_QUEUE_LIMIT_UNKNOWN; full when length > limit */
    uint32_t inode;         /* 0: no process has it open */
    uint32_t uid;
    uint64_t cookie; /* identity for the socket's whole life, TIME_WAIT included; or SOCK_COOKIE_DERIVED */
};

/* Minisockets: until the timer is due, from the time that the whole walk counts from, however long it took. */
static inline uint32_t sock_due_ms(const struct sock *sock)
{
    return sock->remaining_ms + sock->read_after_ms;
}
