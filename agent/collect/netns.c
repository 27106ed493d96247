#include "collect/netns.h"

#include <stdbool.h>
#include <sys/stat.h>

/* PROC_PID_INIT_INO of include/linux/proc_ns.h: the inode of the first PID namespace, the same since Linux 3.8. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCU

const char *netns_scope(void)
{
    struct stat pid_namespace;
    if (stat("/proc/self/ns/pid", &pid_namespace) < 0 || pid_namespace.st_ino != FIRST_PID_NAMESPACE)
        return "unknown"; /* /proc/1 is the container's first process, not the machine's */

    /* Each network namespace has inodes of its own under net/. Unlike ns/net, they take no privilege to look at. */
    struct stat own;
    struct stat first;
    if (stat("/proc/thread-self/net/dev", &own) < 0 || stat("/proc/1/net/dev", &first) < 0)
        return "unknown";
    return own.st_ino == first.st_ino ? "host" : "container";
}
