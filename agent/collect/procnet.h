/* The socket tables as /proc/net has them (proc(5)): for where netlink is refused. */
#pragma once

#include "collect/sockets.h"

/*
 * The namespace of the calling thread; /proc/net is that of the process's first thread. hidepid= and subset= of the
 * mount leave it alone.
 */
#define PROCNET_DIRECTORY "/proc/thread-self/net"

/* The open files, which keep their namespace. */
struct procnet;

/* Opens tcp and udp of the directory, and tcp6 and udp6 where they are. Returns 0 or a negative errno. */
must_use int procnet_open(const char *directory, struct procnet **ret_procnet, struct error *error);
void procnet_close(struct procnet *procnet);
static inline void procnet_closep(struct procnet **procnet)
{
    procnet_close(*procnet);
}

/*
 * sockets_walk(). Each file is made while it is read: a socket that comes, goes or changes its state meanwhile may be
 * passed over or met twice. -EOPNOTSUPP for query->explicit_binds, which no file tells; directions stay unknown.
 */
must_use int procnet_walk(struct procnet *procnet, const struct sockets_query *query, sockets_visit *visit,
                          void *context, struct error *error);
