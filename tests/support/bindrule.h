/*
 * What bind() does, for tests: the rule of inet_csk_bind_conflict() and inet_rcv_saddr_equal(), told anew, with all
 * that the kernel knows of a socket and its table does not show.
 */
#pragma once

#include "model/sock.h"

struct bindrule_socket {
    struct sock shown; /* as the table has it */
    bool v6only;       /* shown for some states only */
    bool reuseaddr;    /* never shown */
    bool unbound;      /* a request socket: shown, but it holds no port */
};

/* True when the socket is in the way of a bind of its port; :: is bound dual-stack. */
bool bindrule_conflicts(const struct bindrule_socket *holder, const struct address *bind_address, bool reuseaddr);
