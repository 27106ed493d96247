#include "model/sock.h"

const char *sock_state_name(enum sock_state state)
{
    switch (state) {
    case SOCK_ESTABLISHED:
        return "established";
    case SOCK_SYN_SENT:
        return "syn_sent";
    case SOCK_SYN_RECV:
        return "syn_recv";
    case SOCK_FIN_WAIT1:
        return "fin_wait1";
    case SOCK_FIN_WAIT2:
        return "fin_wait2";
    case SOCK_TIME_WAIT:
        return "time_wait";
    case SOCK_CLOSE:
        return "close";
    case SOCK_CLOSE_WAIT:
        return "close_wait";
    case SOCK_LAST_ACK:
        return "last_ack";
    case SOCK_LISTEN:
        return "listen";
    case SOCK_CLOSING:
        return "closing";
    case SOCK_BOUND_INACTIVE:
        return "bound_inactive";
    }
    return "?";
}

bool sock_state_exists(enum protocol protocol, enum sock_state state)
{
    return protocol == PROTOCOL_TCP || state == SOCK_ESTABLISHED || state == SOCK_CLOSE;
}

const char *direction_name(enum direction direction)
{
    switch (direction) {
    case DIRECTION_UNKNOWN:
        return "unknown";
    case DIRECTION_INBOUND:
        return "inbound";
    case DIRECTION_OUTBOUND:
        return "outbound";
    }
    return "?";
}
