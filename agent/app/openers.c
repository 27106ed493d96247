#include "openers.h"

#include <errno.h>

#include "base/clock.h"

/* UDP sockets can share a port; there are no more ports. */
#define INODES_MAX 65536

struct look {
    const struct destination *towards;
    uint32_t *inodes; /* owned */
    size_t count;
    size_t capacity;
};

static void look_done(struct look *look)
{
    free(look->inodes);
}

static bool leads_there(const struct destination *towards, const struct sock *sock)
{
    if (towards->protocol == PROTOCOL_UDP)
        return true; /* its port is taken for every destination */
    struct address source = address_unmapped(&sock->local);
    struct address destination = address_unmapped(&sock->remote);
    return sock->remote_port == towards->port && address_equal(&destination, &towards->destination) &&
           address_equal(&source, &towards->source);
}

static int visit(void *context, const struct sock *sock)
{
    struct look *look = context;
    if (sock->inode == 0 || !leads_there(look->towards, sock) || look->count == INODES_MAX)
        return 0;
    if (look->count == look->capacity) {
        size_t capacity = look->capacity > 0 ? look->capacity * 2 : 64;
        uint32_t *inodes = reallocarray(look->inodes, capacity, sizeof(*inodes));
        if (inodes == NULL)
            return -ENOMEM;
        look->inodes = inodes;
        look->capacity = capacity;
    }
    look->inodes[look->count++] = sock->inode;
    return 0;
}

static bool are_alike(const struct owner *left, const struct owner *right)
{
    return strcmp(left->process, right->process) == 0 && strcmp(left->unit, right->unit) == 0 &&
           strcmp(left->container, right->container) == 0;
}

static void count_for(struct exhaustion *exhaustion, const struct owner *owner)
{
    size_t at = 0;
    while (at < exhaustion->opener_count && !are_alike(&exhaustion->openers[at].owner, owner))
        at++;
    if (at == EXHAUSTION_OPENERS_MAX)
        return;
    struct exhaustion_opener *opener = &exhaustion->openers[at];
    if (at == exhaustion->opener_count) {
        *opener = (struct exhaustion_opener){.owner = *owner};
        exhaustion->opener_count++;
    }
    opener->sockets++;
    opener->several = opener->several || opener->owner.pid != owner->pid;
}

static int most_first(const void *left, const void *right)
{
    const struct exhaustion_opener *l = left;
    const struct exhaustion_opener *r = right;
    if (l->sockets != r->sockets)
        return l->sockets > r->sockets ? -1 : 1;
    return (l->owner.pid > r->owner.pid) - (l->owner.pid < r->owner.pid);
}

int openers_find(struct inquiry *inquiry, struct exhaustion *exhaustion, const char **ret_missing, struct error *error)
{
    cleanup(look_done) struct look look = {.towards = &exhaustion->destination.counts};
    struct sockets_query query = {
        .protocol = look.towards->protocol,
        .port = exhaustion->low,
        .last_port = exhaustion->high,
    };
    error_set(error, 0, "out of memory");
    int r = sockets_walk(inquiry->sockets, &query, visit, &look, error);
    if (r == 0)
        r = owners_update(inquiry->owners, look.inodes, look.count, clock_now().realtime_ns, error);
    if (r < 0)
        return r;
    bool nameless = false;
    for (size_t i = 0; i < look.count; i++) {
        size_t count;
        const struct owner *owners = owners_find(inquiry->owners, look.inodes[i], &count);
        if (count > 0)
            count_for(exhaustion, &owners[0]);
        nameless = nameless || count == 0;
    }
    qsort(exhaustion->openers, exhaustion->opener_count, sizeof(exhaustion->openers[0]), most_first);
    *ret_missing = nameless ? inquiry_why_missing(inquiry) : NULL;
    return 0;
}
