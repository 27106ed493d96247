#include "config/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int judge(const struct stat *status, enum file_trust trust, struct error *error)
{
    if (S_ISDIR(status->st_mode))
        return error_set(error, -EISDIR, "is a directory: give a file");
    if (!S_ISREG(status->st_mode))
        return error_set(error, -EINVAL, "is not a regular file: give one");
    if (status->st_size > (off_t)FILE_SIZE_MAX)
        return error_set(error, -EFBIG, "is larger than %zu KiB: give a smaller file", FILE_SIZE_MAX / 1024);
    if (trust == FILE_ANYBODY || geteuid() != 0)
        return 0;
    if (status->st_uid != 0)
        return error_set(error, -EPERM, "belongs to user %u, and root reads it: chown root", status->st_uid);
    if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return error_set(error, -EPERM, "can be written by others than root, who reads it: chmod go-w");
    return 0;
}

/* A file that grows meanwhile is cut where the buffer ends: then it is told as too large. */
static int read_whole(int fd, char *buffer, size_t size, size_t *ret_length)
{
    size_t length = 0;
    for (;;) {
        ssize_t got = read(fd, buffer + length, size - length);
        if (got < 0)
            return -errno;
        length += (size_t)got;
        if (length == size)
            return -EFBIG;
        if (got == 0)
            break;
    }
    buffer[length] = '\0';
    *ret_length = length;
    return 0;
}

int file_read(const char *path, enum file_trust trust, char **ret_bytes, size_t *ret_length, struct error *error)
{
    cleanup(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0) {
        int code = -errno;
        return error_set(error, code, "cannot be read: %s", strerror(-code));
    }
    int r = judge(&status, trust, error);
    if (r < 0)
        return r;
    size_t size = (size_t)status.st_size + 2; /* one to see that it has grown, one for the NUL */
    cleanup(cleanup_free) char *bytes = malloc(size);
    if (bytes == NULL)
        return -ENOMEM;
    r = read_whole(fd, bytes, size, ret_length);
    if (r == -EFBIG)
        return error_set(error, -EAGAIN, "is being written: try again when that is done");
    if (r < 0)
        return error_set(error, r, "cannot be read: %s", strerror(-r));
    *ret_bytes = steal_ptr(&bytes);
    return 0;
}

struct file_stamp file_stamp(const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return (struct file_stamp){0};
    return (struct file_stamp){
        .device = status.st_dev,
        .inode = status.st_ino,
        .size = status.st_size,
        .modified = status.st_mtim,
        .changed = status.st_ctim,
    };
}

static bool is_same_time(const struct timespec *left, const struct timespec *right)
{
    return left->tv_sec == right->tv_sec && left->tv_nsec == right->tv_nsec;
}

bool file_stamp_equal(const struct file_stamp *left, const struct file_stamp *right)
{
    return left->device == right->device && left->inode == right->inode && left->size == right->size &&
           is_same_time(&left->modified, &right->modified) && is_same_time(&left->changed, &right->changed);
}

char *file_beside(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    if (name[0] == '/' || slash == NULL)
        return strdup(name);
    char *joined = NULL;
    int directory = (int)(slash - path);
    return asprintf(&joined, "%.*s/%s", directory, path, name) < 0 ? NULL : joined;
}
