#include "collect/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "procfs.h"

/* NET_NS_INIT_INO of include/uapi/linux/nsfs.h: the inode of the first network namespace since Linux 6.18; before, no
 * network namespace had it. */
#define FIRST_NAMESPACE_INODE 0xEFFFFFF9U
/* From 5.14 to 6.17 cookies count network namespaces, and the machine's is the first (net_ns_init()); since 6.18 they
 * count namespaces of all kinds, and it is not. */
#define FIRST_NAMESPACE_COOKIE 1
/* PROC_PID_INIT_INO of include/linux/proc_ns.h: the inode of the first PID namespace, the same since Linux 3.8. */
#define FIRST_PID_NAMESPACE 0xEFFFFFFCU

static int read_cookie(uint64_t *ret_cookie)
{
    cleanup(cleanup_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t length = sizeof(*ret_cookie);
    return fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, ret_cookie, &length) < 0 ? -errno : 0;
}

/* Where cookies are not known: by the processes that can be seen. */
static const char *scope_by_processes(void)
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

const char *netns_scope(void)
{
    struct stat own;
    uint64_t cookie;
    if (stat(NETNS_OWN, &own) < 0 || read_cookie(&cookie) < 0)
        return scope_by_processes();
    return own.st_ino == FIRST_NAMESPACE_INODE || cookie == FIRST_NAMESPACE_COOKIE ? "host" : "container";
}

#define PLACE_TEXT_MAX 64

int netns_open(const char *place, int *ret_fd, struct error *error)
{
    char of_process[PLACE_TEXT_MAX];
    bool is_pid = place[0] != '\0' && place[strspn(place, "0123456789")] == '\0';
    (void)snprintf(of_process, sizeof(of_process), "/proc/%.20s/ns/net", place);
    /* It may turn out to be anything: a FIFO would wait for a writer, a terminal would become ours. */
    int fd = open(is_pid ? of_process : place, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0) {
        *ret_fd = fd;
        return 0;
    }
    int r = -errno;
    if (is_pid && (r == -ENOENT || r == -ESRCH))
        return error_set(error, -ENOENT, "there is no process %.20s", place);
    if (is_pid && (r == -EACCES || r == -EPERM))
        return error_set(error, -EACCES, "the namespace of process %.20s may not be opened: that needs CAP_SYS_PTRACE",
                         place);
    return error_set(error, r, "%.200s cannot be opened: %s", place, strerror(-r));
}

int netns_enter(int fd, struct error *error)
{
    if (setns(fd, CLONE_NEWNET) == 0)
        return 0;
    int r = -errno;
    if (r == -EPERM)
        return error_set(error, r, "it may not be entered: that needs CAP_SYS_ADMIN");
    if (r == -EINVAL)
        return error_set(error, r, "it is not a network namespace: give one as in /run/netns/NAME, or a process id");
    return error_set(error, r, "it cannot be entered: %s", strerror(-r));
}

/* A UUID, a newline. */
#define BOOT_ID_MAX 40

int netns_id(char ret_id[static NETNS_ID_MAX])
{
    char boot[BOOT_ID_MAX];
    struct stat status;
    int r = procfs_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
    if (r < 0)
        return r;
    boot[strcspn(boot, "\n")] = '\0';
    if (stat(NETNS_OWN, &status) < 0)
        return -errno;
    (void)snprintf(ret_id, NETNS_ID_MAX, "%s/%llu", boot, (unsigned long long)status.st_ino);
    return 0;
}
