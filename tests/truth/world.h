/* A port, and the sockets that hold it. */
#pragma once

#include "collect/sockets.h"
#include "tenant.h"

#define WORLD_SOCKETS_MAX 64

struct world {
    struct sockets *table; /* not owned */
    uint16_t port;
    int sockets[WORLD_SOCKETS_MAX]; /* everything that must stay open */
    size_t socket_count;
    int listeners[WORLD_SOCKETS_MAX]; /* of sockets, those that may accept a connection to the port */
    size_t listener_count;
};

/*
 * Makes the tenant move in, and waits until the kernel shows it in its state. -EADDRINUSE, -EADDRNOTAVAIL and the like
 * when the kernel does not let it: those who are there already do not admit it, and then nothing of it is left.
 * -ETIME when it did not come to its state: something may be left.
 * tenant->reuseaddr becomes what its socket has in the end: the listener that accepted it may be another tenant's.
 */
must_use int world_add(struct world *world, struct tenant *tenant);

/* The port at an address: numeric, or "*". */
struct endpoint world_endpoint(const struct world *world, enum protocol protocol, const char *address);
/* The addresses that tests ask about; there are more than are ever bound. NULL ends them. */
extern const char *const world_addresses[];

/* Closes every socket. TIME_WAITs and orphans stay on the port. */
void world_done(struct world *world);
