#include "sockstate.h"

bool sockstate_decode(enum protocol protocol, uint32_t number, enum sock_state *ret_state)
{
    /* A request socket (12) is shown as SYN_RECV, one that is bound only (13) as CLOSE. */
    static const enum sock_state states[] = {
        [1] = SOCK_ESTABLISHED, [2] = SOCK_SYN_SENT,  [3] = SOCK_SYN_RECV, [4] = SOCK_FIN_WAIT1,
        [5] = SOCK_FIN_WAIT2,   [6] = SOCK_TIME_WAIT, [7] = SOCK_CLOSE,    [8] = SOCK_CLOSE_WAIT,
        [9] = SOCK_LAST_ACK,    [10] = SOCK_LISTEN,   [11] = SOCK_CLOSING,
    };
    if (number == 0 || number >= sizeof(states) / sizeof(*states))
        return false;
    enum sock_state state = states[number];
    if (protocol == PROTOCOL_TCP && state == SOCK_CLOSE)
        state = SOCK_BOUND_INACTIVE;
    if (!sock_state_exists(protocol, state))
        return false;
    *ret_state = state;
    return true;
}

enum direction sockstate_direction(const struct sock *sock)
{
    if (sock->protocol != PROTOCOL_TCP)
        return DIRECTION_UNKNOWN;
    switch (sock->state) {
    case SOCK_SYN_SENT:
        return DIRECTION_OUTBOUND;
    case SOCK_SYN_RECV:
        return DIRECTION_INBOUND;
    case SOCK_ESTABLISHED:
    case SOCK_CLOSE_WAIT:
        /* No process has it yet: it waits for accept(). Once closed, it would be in another state. */
        return sock->inode == 0 ? DIRECTION_INBOUND : DIRECTION_UNKNOWN;
    case SOCK_FIN_WAIT1:
    case SOCK_FIN_WAIT2:
    case SOCK_TIME_WAIT:
    case SOCK_CLOSE:
    case SOCK_LAST_ACK:
    case SOCK_LISTEN:
    case SOCK_CLOSING:
    case SOCK_BOUND_INACTIVE:
        return DIRECTION_UNKNOWN;
    }
    return DIRECTION_UNKNOWN;
}
