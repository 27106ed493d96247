#include "descriptors.h"

#include <errno.h>
#include <sys/resource.h>

/* Standard streams, signals, timers, netlink, a test-bind, directories of /proc: twice the dozen that were seen. */
#define OWN_DESCRIPTORS 24
/* The listening socket, its thread's wake-up, and two connections that come while there are enough already. */
#define LISTENER_DESCRIPTORS 4
/* The namespace, and netlink in it. */
#define NAMESPACE_DESCRIPTORS 2

int descriptors_reserve(size_t listener_count, unsigned wanted, struct descriptors *ret_descriptors,
                        struct error *error)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return error_set(error, -errno, "RLIMIT_NOFILE cannot be read: %s", strerrordesc_np(errno));
    if (setrlimit(RLIMIT_NOFILE, &(struct rlimit){limit.rlim_max, limit.rlim_max}) == 0)
        limit.rlim_cur = limit.rlim_max;
    size_t base = OWN_DESCRIPTORS + listener_count * LISTENER_DESCRIPTORS;
    size_t needed = base + listener_count * wanted;
    if (limit.rlim_cur < base + listener_count)
        return error_set(
            error, -EMFILE,
            "%zu file descriptors are too few: the agent needs %zu, and --web.max-connections %u takes %zu; "
            "raise the hard limit (ulimit -Hn, LimitNOFILE=)",
            (size_t)limit.rlim_cur, base + listener_count, wanted, needed);
    size_t affordable = ((size_t)limit.rlim_cur - base) / listener_count;
    size_t left = limit.rlim_cur > needed ? (size_t)limit.rlim_cur - needed : 0;
    *ret_descriptors = (struct descriptors){.connections = affordable < wanted ? (unsigned)affordable : wanted,
                                            .limit = (size_t)limit.rlim_cur,
                                            .needed = needed,
                                            .namespaces = left / NAMESPACE_DESCRIPTORS};
    return 0;
}
