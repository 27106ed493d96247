/* Both ends of a TCP connection within the namespace, and how to bring one of them into any state. */
#pragma once

#include "model/sock.h"

struct connection {
    int ours;   /* the end on the port that matters; -1: closed, or not yet accepted */
    int theirs; /* -1: closed */
};

#define CONNECTION_NONE ((struct connection){.ours = -1, .theirs = -1})

/* Closes both ends. */
void connection_done(struct connection *connection);

/* A socket that listens on a numeric address, on a port that the kernel picks; or a negative errno. */
must_use int connection_harbour(const char *numeric, uint16_t *ret_port);

/* connect() that waits, but not for ever: 0 or a negative errno. */
must_use int connection_connect(int fd, const char *numeric, uint16_t port);
/*
 * Sends the SYN of fd without an answer: whatever comes back to fd is dropped, so that one end stays in SYN_SENT and
 * the other in SYN_RECV.
 */
must_use int connection_knock(int fd, const char *numeric, uint16_t port);

/* 0 when it has none. */
uint16_t connection_local_port(int fd);
uint16_t connection_remote_port(int fd);
/* True of a TCP socket without a connection that does not listen (TCP_INFO says CLOSE): bound, at the most. */
bool connection_is_none(int fd);

/*
 * From ESTABLISHED on. orphan: our end is closed, not only shut down. The kernel may need some time to get there.
 */
must_use int connection_bring(struct connection *connection, enum sock_state state, bool orphan);
