/* Files that a user has written for the agent: read whole and safely, and looked at again. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/error.h"

#define FILE_SIZE_MAX ((size_t)1 << 20)

/* Who may have written it, as far as root is concerned. */
enum file_trust {
    FILE_GUARDED, /* it says what the agent does: root takes it from root only, and writable by nobody else */
    FILE_ANYBODY, /* what it says is checked otherwise: a certificate, a key */
};

/*
 * Reads a regular file of at most FILE_SIZE_MAX bytes; a symbolic link is followed, and what it leads to is judged.
 * Never waits for a fifo or a device. Returns 0, the bytes owned by the caller and NUL-terminated; -ENOMEM; or another
 * negative errno with a reason that says what would be right and does not name the file.
 */
must_use int file_read(const char *path, enum file_trust trust, char **ret_bytes, size_t *ret_length,
                       struct error *error);

/* Which state of a file one has seen; all zeros: there was none. */
struct file_stamp {
    uint64_t device;
    uint64_t inode;
    int64_t size;
    struct timespec modified;
    struct timespec changed;
};

struct file_stamp file_stamp(const char *path);
bool file_stamp_equal(const struct file_stamp *left, const struct file_stamp *right);

/* The file that `name` means when it is written in the file `path`: relative to its directory. NULL: no memory. */
char *file_beside(const char *path, const char *name);
