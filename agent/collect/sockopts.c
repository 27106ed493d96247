#include "collect/sockopts.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/parse.h"

static void cleanup_closedir(DIR **directory)
{
    if (*directory != NULL)
        (void)closedir(*directory);
}

/* The number of the process's descriptor for the socket, or a negative errno. */
static int find_descriptor(int32_t pid, uint32_t inode)
{
    char path[32];
    char wanted[32];
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    (void)snprintf(wanted, sizeof(wanted), "socket:[%u]", inode);
    cleanup(cleanup_closedir) DIR *directory = opendir(path);
    if (directory == NULL)
        return -errno;
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char target[sizeof(wanted)];
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target));
        uint64_t number;
        if (length == (ssize_t)strlen(wanted) && memcmp(target, wanted, (size_t)length) == 0 &&
            parse_uint(entry->d_name, INT_MAX, &number) == 0)
            return (int)number;
    }
    return -ENOENT;
}

static int read_flag(int fd, int level, int option, bool *ret_flag)
{
    int value = 0;
    socklen_t length = sizeof(value);
    if (getsockopt(fd, level, option, &value, &length) < 0)
        return -errno;
    *ret_flag = value != 0;
    return 0;
}

int sockopts_read(int32_t pid, uint32_t inode, struct sockopts *ret_options)
{
    cleanup(cleanup_close) int process = pidfd_open(pid, 0);
    if (process < 0)
        return -errno;
    int number = find_descriptor(pid, inode);
    if (number < 0)
        return number;
    cleanup(cleanup_close) int copy = pidfd_getfd(process, number, 0);
    if (copy < 0)
        return errno == EBADF ? -ENOENT : -errno;
    /* The process may have closed it and opened another file under the same number. */
    struct stat status;
    if (fstat(copy, &status) < 0 || status.st_ino != inode)
        return -ENOENT;
    struct sockopts options = {0};
    int domain = 0;
    socklen_t length = sizeof(domain);
    if (getsockopt(copy, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0)
        return -errno;
    int r = read_flag(copy, SOL_SOCKET, SO_REUSEADDR, &options.reuseaddr);
    if (r == 0)
        r = read_flag(copy, SOL_SOCKET, SO_REUSEPORT, &options.reuseport);
    if (r == 0 && domain == AF_INET6)
        r = read_flag(copy, IPPROTO_IPV6, IPV6_V6ONLY, &options.v6only);
    if (r < 0)
        return r;
    *ret_options = options;
    return 0;
}
