#include "world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>

#include "base/clock.h"
#include "connection.h"

#define DEADLINE_NS (3 * CLOCK_NS_PER_S)

static void keep(struct world *world, int *fd)
{
    if (world->socket_count == WORLD_SOCKETS_MAX)
        abort();
    world->sockets[world->socket_count++] = steal_fd(fd);
}
