#include "collect/sockets.h"

#include <errno.h>

#include "sockdiag.h"

struct sockets {
    struct sockdiag *sockdiag;
};

int sockets_open(struct sockets **ret_sockets, struct error *error)
{
    cleanup(sockets_closep) struct sockets *sockets = calloc(1, sizeof(*sockets));
    if (sockets == NULL)
        return error_set(error, -ENOMEM, "out of memory");
    int r = sockdiag_open(&sockets->sockdiag, error);
    if (r == 0)
        *ret_sockets = steal_ptr(&sockets);
    return r;
}

void sockets_close(struct sockets *sockets)
{
    if (sockets == NULL)
        return;
    sockdiag_close(sockets->sockdiag);
    free(sockets);
}

bool sockets_shows_bound(const struct sockets *sockets)
{
    return sockdiag_shows_bound(sockets->sockdiag);
}

int sockets_walk(struct sockets *sockets, const struct sockets_query *query, sockets_visit *visit, void *context,
                 struct error *error)
{
    return sockdiag_walk(sockets->sockdiag, query, visit, context, error);
}
