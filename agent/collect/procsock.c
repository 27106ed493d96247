#include "procsock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "procfs.h"

/* "socket:[4294967295]" */
#define LINK_MAX_LENGTH 32
/* "/proc/2147483647/fd/2147483647" */
#define PATH_MAX_LENGTH 40

static void cleanup_closedir(DIR **directory)
{
    if (*directory)
        (void)closedir(*directory);
}

/* A directory below the other, or NULL and errno. */
static DIR *open_below(int directory_fd, const char *name)
{
    cleanup(cleanup_close) int fd = openat(directory_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    DIR *directory = fdopendir(fd);
    if (directory)
        (void)steal_fd(&fd); /* closedir() closes it */
    return directory;
}

static bool parse_number(const char *name, int32_t *ret_number)
{
    uint64_t number;
    if (procfs_take_uint(&name, INT32_MAX, &number) < 0 || *name != '\0')
        return false;
    *ret_number = (int32_t)number;
    return true;
}

static bool parse_link(const char *text, uint32_t *ret_inode)
{
    static const char prefix[] = "socket:[";
    uint64_t inode;
    if (strncmp(text, prefix, strlen(prefix)) != 0)
        return false;
    text += strlen(prefix);
    if (procfs_take_uint(&text, UINT32_MAX, &inode) < 0 || strcmp(text, "]") != 0)
        return false;
    *ret_inode = (uint32_t)inode;
    return true;
}

static int walk_descriptors(DIR *descriptors, struct procsock *procsock, procsock_visit *visit, void *context,
                            bool *incomplete)
{
    for (const struct dirent *entry = readdir(descriptors); entry; entry = readdir(descriptors)) {
        char link[LINK_MAX_LENGTH];
        ssize_t length = readlinkat(dirfd(descriptors), entry->d_name, link, sizeof(link) - 1);
        if (length < 0 && (errno == EACCES || errno == EPERM)) {
            *incomplete = true;
            return 0;
        }
        if (length < 0)
            continue;
        link[length] = '\0';
        if (!parse_link(link, &procsock->inode) || !parse_number(entry->d_name, &procsock->number))
            continue;
        int result = visit(context, procsock);
        if (result < 0)
            return result;
    }
    return 0;
}

static int walk_process(int proc_fd, const char *name, int32_t pid, procsock_visit *visit, void *context,
                        bool *incomplete)
{
    cleanup(cleanup_close) int directory_fd = openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory_fd < 0)
        return 0;
    cleanup(cleanup_closedir) DIR *descriptors = open_below(directory_fd, "fd");
    if (!descriptors) {
        if (errno == EACCES || errno == EPERM)
            *incomplete = true;
        return 0;
    }
    struct procsock procsock = {.pid = pid, .directory_fd = directory_fd};
    return walk_descriptors(descriptors, &procsock, visit, context, incomplete);
}

int procsock_walk(procsock_visit *visit, void *context, bool *ret_incomplete, struct error *error)
{
    cleanup(cleanup_closedir) DIR *proc = open_below(AT_FDCWD, "/proc");
    if (!proc)
        return error_set(error, -errno, "cannot read /proc: %s", strerror(errno));

    bool incomplete = false;
    /* The kernel lists processes by pid (fs/proc/base.c, proc_pid_readdir). */
    for (const struct dirent *entry = readdir(proc); entry; entry = readdir(proc)) {
        int32_t pid;
        if (!parse_number(entry->d_name, &pid))
            continue;
        int result = walk_process(dirfd(proc), entry->d_name, pid, visit, context, &incomplete);
        if (result < 0)
            return result;
    }
    *ret_incomplete = incomplete;
    return 0;
}

bool procsock_is_open(int32_t pid, int32_t number, uint32_t inode)
{
    char path[PATH_MAX_LENGTH];
    char link[LINK_MAX_LENGTH];
    uint32_t found;
    (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, (int)number);
    ssize_t length = readlinkat(AT_FDCWD, path, link, sizeof(link) - 1);
    if (length < 0)
        return false;
    link[length] = '\0';
    return parse_link(link, &found) && found == inode;
}
