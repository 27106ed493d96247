#include "collect/container_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>

#define CHUNK 4096
#define ID_LENGTH 64

/* A file of each container has the id between; of a list of all there is no second part. */
struct place {
    const char *before;
    const char *after;
};

static const struct place places[CONTAINER_FILES] = {
    {"/var/lib/docker/containers/", "/config.v2.json"},
    {"/run/containerd/io.containerd.runtime.v2.task/k8s.io/", "/config.json"},
    {"/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/", "/config.json"},
    {"/run/containers/storage/overlay-containers/", "/userdata/config.json"},
    {"/var/lib/containers/storage/overlay-containers/", "/userdata/config.json"},
    {"/var/lib/containers/storage/overlay-containers/containers.json", NULL},
    {"/var/lib/containers/storage/overlay-containers/volatile-containers.json", NULL},
};

/* It becomes a part of a path, and anybody may give a cgroup a name. */
static bool is_id(const char *id)
{
    return strlen(id) == ID_LENGTH && strspn(id, "0123456789abcdef") == ID_LENGTH;
}

static int open_place(const char *root, const struct place *place, const char *id)
{
    char path[PATH_MAX];
    bool listed = place->after == NULL;
    int length =
        snprintf(path, sizeof(path), "%s%s%s%s", root, place->before, listed ? "" : id, listed ? "" : place->after);
    if (length < 0 || (size_t)length >= sizeof(path))
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int container_files_read(const char *root, const char *id, size_t number, struct buf *buf)
{
    if (!is_id(id))
        return -EINVAL;
    cleanup(cleanup_close) int fd = open_place(root, &places[number], id);
    struct stat file;
    if (fd < 0)
        return fd;
    if (fstat(fd, &file) < 0)
        return -errno;
    if (!S_ISREG(file.st_mode))
        return -EINVAL;
    char chunk[CHUNK];
    ssize_t got = 0;
    while (buf->failure == 0 && (got = read(fd, chunk, sizeof(chunk))) > 0)
        buf_add(buf, chunk, (size_t)got);
    return got < 0 ? -errno : buf->failure;
}
