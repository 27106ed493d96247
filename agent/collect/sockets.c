#include "collect/sockets.h"

#include <errno.h>

#include "base/clock.h"
#include "procnet.h"
#include "sockdiag.h"

#define RETRY_NS (60 * CLOCK_NS_PER_S)

struct sockets {
    struct sockdiag *sockdiag; /* owned; NULL where netlink is refused */
    struct procnet *procnet;   /* owned; NULL where it is not */
    int refusal;               /* the errno of netlink's latest refusal; 0: the latest answer was none */
    int64_t tried_ns;          /* with procnet: when netlink was tried last */
};

/* What lasts as long as the kernel or the container, other than a want of memory or descriptors. */
static bool is_refusal(int result)
{
    switch (-result) {
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT:
    case EOPNOTSUPP:
    case ENOENT:
    case ENOSYS:
    case EPERM:
    case EACCES:
        return true;
    default:
        return false;
    }
}

/* What it was before is not given up until the new one is there. */
static int turn_to_procnet(struct sockets *sockets, int64_t now_ns, struct error *error)
{
    int r = procnet_open(PROCNET_DIRECTORY, &sockets->procnet, error);
    if (r < 0)
        return r;
    sockdiag_close(sockets->sockdiag);
    sockets->sockdiag = NULL;
    sockets->tried_ns = now_ns;
    return 0;
}

static void try_netlink(struct sockets *sockets, int64_t now_ns)
{
    int r = sockdiag_open(&sockets->sockdiag, NULL);
    sockets->tried_ns = now_ns;
    if (is_refusal(r))
        sockets->refusal = -r;
    if (r < 0)
        return;
    procnet_close(sockets->procnet);
    sockets->procnet = NULL;
    sockets->refusal = 0;
}

int sockets_open(struct sockets **ret_sockets, struct error *error)
{
    cleanup(sockets_closep) struct sockets *sockets = calloc(1, sizeof(*sockets));
    if (sockets == NULL)
        return error_set(error, -ENOMEM, "out of memory");
    struct error reason = {""};
    int r = sockdiag_open(&sockets->sockdiag, &reason);
    if (is_refusal(r)) {
        sockets->refusal = -r;
        r = turn_to_procnet(sockets, clock_monotonic_ns(), error);
        if (r < 0)
            error_prefix(error, "%s; instead", reason.text);
    } else if (r < 0) {
        error_set(error, r, "%s", reason.text);
    }
    if (r == 0)
        *ret_sockets = steal_ptr(&sockets);
    return r;
}

void sockets_close(struct sockets *sockets)
{
    if (sockets == NULL)
        return;
    sockdiag_close(sockets->sockdiag);
    procnet_close(sockets->procnet);
    free(sockets);
}

struct source sockets_source(const struct sockets *sockets)
{
    if (sockets->procnet == NULL)
        return (struct source){.kind = SOURCE_NETLINK};
    return (struct source){.kind = SOURCE_PROCFS, .refusal = sockets->refusal};
}

void sockets_renew(struct sockets *sockets, int64_t now_ns)
{
    if (sockets->procnet == NULL && sockets->refusal != 0)
        (void)turn_to_procnet(sockets, now_ns, NULL); /* else walks go on to tell that netlink is refused */
    else if (sockets->procnet != NULL && now_ns - sockets->tried_ns >= RETRY_NS)
        try_netlink(sockets, now_ns);
}

bool sockets_shows_bound(const struct sockets *sockets)
{
    return sockets->procnet == NULL && sockdiag_shows_bound(sockets->sockdiag);
}

int sockets_walk(struct sockets *sockets, const struct sockets_query *query, sockets_visit *visit, void *context,
                 struct error *error)
{
    if (sockets->procnet != NULL)
        return procnet_walk(sockets->procnet, query, visit, context, error);
    int r = sockdiag_walk(sockets->sockdiag, query, visit, context, error);
    sockets->refusal = is_refusal(r) ? -r : 0;
    return r;
}
