/*
 * The network namespaces that are in use: those of processes, and those that are mounted (ip-netns(8)). One that only a
 * descriptor or a socket keeps, or only a thread other than its process's first, is not among them.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct namespace
{
    uint64_t device; /* of its file, with inode: which one it is, as long as it is in use or open */
    uint64_t inode;
    int32_t pid; /* of a process in it; 0: there is none */
    char *path;  /* owned; where it is mounted, or was looked for; NULL: nowhere */
};

struct namespaces {
    struct namespace *items; /* by device, then inode; no two alike */
    size_t count;
    size_t hidden; /* processes whose namespace may not be read, for lack of CAP_SYS_PTRACE */
};

/* Every one. proc: "/proc". Returns 0, the list owned by the caller; or a negative errno when proc cannot be read. */
must_use int namespaces_find(const char *proc, struct namespaces *ret_namespaces, struct error *error);
/* Adds the one at a path, unless it is there. Returns 0 or a negative errno with the reason. */
must_use int namespaces_add_path(struct namespaces *namespaces, const char *path, struct error *error);
void namespaces_done(struct namespaces *namespaces);

/* NULL when it is not among them. */
const struct namespace *namespaces_of(const struct namespaces *namespaces, uint64_t device, uint64_t inode);

/* Opens it. Returns as netns_open(); -ESTALE when another has taken its place. */
must_use int namespaces_open(const struct namespace *found, int *ret_fd, struct error *error);

#define NAMESPACES_NAME_MAX 64
#define NAMESPACES_NAMES 3
/*
 * What it could be called, the best first: by the container of its process, of whose id 12 digits are shown, by its
 * file in a directory `netns`, and always by its inode: "ino-4026532450". "" where it has no such name.
 */
void namespaces_names(const char *proc, const struct namespace *found,
                      char ret_names[static NAMESPACES_NAMES][NAMESPACES_NAME_MAX]);
