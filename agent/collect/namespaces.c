#include "collect/namespaces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "collect/netns.h"
#include "namespaces_mounts.h"
#include "procfs.h"

#define PROCESS_PATH_MAX 64
#define CGROUP_TEXT_MAX 8192
/* As container engines shorten an id. */
#define CONTAINER_SHOWN 12
/* More than a machine has. */
#define NAMESPACES_MAX 65536

void namespaces_done(struct namespaces *namespaces)
{
    for (size_t i = 0; i < namespaces->count; i++)
        free(namespaces->items[i].path);
    free(namespaces->items);
    *namespaces = (struct namespaces){0};
}

/* The index of the one with this identity, or where it would go. */
static size_t place_of(const struct namespaces *namespaces, uint64_t device, uint64_t inode, bool *ret_found)
{
    size_t low = 0;
    for (size_t high = namespaces->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        const struct namespace *item = &namespaces->items[middle];
        if (item->device < device || (item->device == device && item->inode < inode))
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found =
        low < namespaces->count && namespaces->items[low].device == device && namespaces->items[low].inode == inode;
    return low;
}

const struct namespace *namespaces_of(const struct namespaces *namespaces, uint64_t device, uint64_t inode)
{
    bool found;
    size_t at = place_of(namespaces, device, inode, &found);
    return found ? &namespaces->items[at] : NULL;
}

/* path: NULL for that of a process. What is known already keeps its first process and its first path. */
static int add(struct namespaces *namespaces, const struct stat *file, int32_t pid, const char *path)
{
    bool found;
    size_t at = place_of(namespaces, file->st_dev, file->st_ino, &found);
    if (!found) {
        if (namespaces->count == NAMESPACES_MAX)
            return -ENOSPC;
        /* Room for a power of two: full when the count is one. */
        if ((namespaces->count & (namespaces->count - 1)) == 0) {
            size_t room = namespaces->count > 0 ? namespaces->count * 2 : 1;
            struct namespace *items = reallocarray(namespaces->items, room, sizeof(*items));
            if (items == NULL)
                return -ENOMEM;
            namespaces->items = items;
        }
        struct namespace *item = &namespaces->items[at];
        memmove(item + 1, item, (namespaces->count - at) * sizeof(*item));
        *item = (struct namespace){.device = file->st_dev, .inode = file->st_ino};
        namespaces->count++;
    }
    struct namespace *item = &namespaces->items[at];
    if (item->pid == 0)
        item->pid = pid;
    if (item->path == NULL && path != NULL) {
        item->path = strdup(path);
        if (item->path == NULL)
            return -ENOMEM;
    }
    return 0;
}

static void cleanup_closedir(DIR **directory)
{
    if (*directory != NULL)
        (void)closedir(*directory);
}

/* The kernel lists processes by pid (fs/proc/base.c, proc_pid_readdir). */
static int add_processes(const char *proc, struct namespaces *namespaces, struct error *error)
{
    cleanup(cleanup_closedir) DIR *directory = opendir(proc);
    if (directory == NULL)
        return error_set(error, -errno, "cannot read %s: %s", proc, strerror(errno));
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        const char *cursor = entry->d_name;
        uint64_t pid;
        if (procfs_take_uint(&cursor, INT32_MAX, &pid) < 0 || *cursor != '\0')
            continue;
        char path[PROCESS_PATH_MAX];
        struct stat file;
        (void)snprintf(path, sizeof(path), "%" PRIu64 "/ns/net", pid);
        int r = 0;
        if (fstatat(dirfd(directory), path, &file, 0) == 0)
            r = add(namespaces, &file, (int32_t)pid, NULL);
        else if (errno == EACCES || errno == EPERM)
            namespaces->hidden++;
        if (r < 0)
            return error_set(error, r, "no room for another namespace: %s", strerror(-r));
    }
    return 0;
}

static int add_mount(void *context, const char *path, uint64_t inode)
{
    struct stat file;
    /* Another file system may be mounted over it. */
    if (stat(path, &file) < 0 || file.st_ino != inode)
        return 0;
    return add(context, &file, 0, path);
}

int namespaces_find(const char *proc, struct namespaces *ret_namespaces, struct error *error)
{
    cleanup(namespaces_done) struct namespaces namespaces = {0};
    int r = add_processes(proc, &namespaces, error);
    if (r == 0)
        r = namespaces_mounts_read(proc, add_mount, &namespaces, error);
    if (r < 0)
        return r;
    *ret_namespaces = namespaces;
    namespaces = (struct namespaces){0};
    return 0;
}

int namespaces_add_path(struct namespaces *namespaces, const char *path, struct error *error)
{
    struct stat file;
    if (stat(path, &file) < 0)
        return error_set(error, -errno, "%.200s cannot be looked at: %s", path, strerror(errno));
    int r = add(namespaces, &file, 0, path);
    return r < 0 ? error_set(error, r, "no room for another namespace: %s", strerror(-r)) : 0;
}

int namespaces_open(const struct namespace *found, int *ret_fd, struct error *error)
{
    char pid[PROCESS_PATH_MAX];
    (void)snprintf(pid, sizeof(pid), "%" PRId32, found->pid);
    cleanup(cleanup_close) int fd = -1;
    int r = netns_open(found->path != NULL ? found->path : pid, &fd, error);
    if (r < 0)
        return r;
    struct stat file;
    if (fstat(fd, &file) < 0 || file.st_dev != found->device || file.st_ino != found->inode)
        return error_set(error, -ESTALE, "another namespace has taken its place");
    *ret_fd = steal_fd(&fd);
    return 0;
}

/* "/run/netns/blue" is blue. What looks like a name of another kind is none. */
static const char *file_name(const char *path)
{
    static const char directory[] = "/netns/";
    const char *slash = strrchr(path, '/');
    size_t before = slash != NULL ? (size_t)(slash + 1 - path) : 0;
    size_t length = strlen(directory);
    if (before < length || memcmp(path + before - length, directory, length) != 0)
        return "";
    return strncmp(slash + 1, "ino-", 4) == 0 ? "" : slash + 1;
}

void namespaces_names(const char *proc, const struct namespace *found,
                      char ret_names[static NAMESPACES_NAMES][NAMESPACES_NAME_MAX])
{
    char path[PATH_MAX];
    char cgroup[CGROUP_TEXT_MAX];
    char container[OWNER_CONTAINER_MAX] = "";
    (void)snprintf(path, sizeof(path), "%s/%" PRId32 "/cgroup", proc, found->pid);
    if (found->pid > 0 && procfs_read(AT_FDCWD, path, cgroup, sizeof(cgroup)) == 0)
        cgroup_container(cgroup, container);
    (void)snprintf(ret_names[0], NAMESPACES_NAME_MAX, "%.*s", CONTAINER_SHOWN, container);
    (void)snprintf(ret_names[1], NAMESPACES_NAME_MAX, "%s", found->path != NULL ? file_name(found->path) : "");
    (void)snprintf(ret_names[2], NAMESPACES_NAME_MAX, "ino-%" PRIu64, found->inode);
}
