/* What the kernel's number of a state, and the state itself, tell of a socket, wherever they were read. Pure. */
#pragma once

#include "model/sock.h"

/*
 * number: of include/net/tcp_states.h; CLOSE of TCP means bound only. Returns false for one that this version does not
 * know, or that sockets of the protocol cannot be in.
 */
must_use bool sockstate_decode(enum protocol protocol, uint32_t number, enum sock_state *ret_state);

/* Who opened the connection, as far as its state and inode tell. */
enum direction sockstate_direction(const struct sock *sock);
