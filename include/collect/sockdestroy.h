/* Ends sockets from outside: SOCK_DESTROY of sock_diag(7). Needs CAP_NET_ADMIN, and CONFIG_INET_DIAG_DESTROY. */
#pragma once

#include "model/sock.h"

struct sockdestroy;

must_use int sockdestroy_open(struct sockdestroy **ret_sockdestroy, struct error *error);
void sockdestroy_close(struct sockdestroy *sockdestroy);
static inline void sockdestroy_closep(struct sockdestroy **sockdestroy)
{
    sockdestroy_close(*sockdestroy);
}

/*
 * Ends exactly the TCP socket with this cookie. Returns 0; -ENOENT: it was gone already; -EPERM: CAP_NET_ADMIN is
 * lacking; -EOPNOTSUPP: this kernel cannot end such a socket; another negative errno. Nothing else is touched.
 */
must_use int sockdestroy_end(struct sockdestroy *sockdestroy, const struct sock *sock, struct error *error);
