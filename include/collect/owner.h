/*
 * From a socket's inode to the processes that have it open, through /proc. Reading other users' descriptors takes
 * CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH; what cannot be read is left out. The command line is never read.
 */
#pragma once

#include "base/error.h"
#include "collect/sockopts.h"
#include "model/holder.h"

/*
 * Remembers inode -> owners while the inodes are asked for, so that /proc is walked only for new ones; and looks at
 * each owner's descriptor every time, so that one that has ended or closed it is none any more.
 */
struct owners;

must_use int owners_new(struct owners **ret_owners);
void owners_free(struct owners *owners);
static inline void owners_freep(struct owners **owners)
{
    owners_free(*owners);
}

/* Writes what the container of this id is called, "" when that is not known. */
typedef void owners_name_container(void *context, const char *id, char ret_name[static OWNER_CONTAINER_NAME_MAX]);
/* Whoever is met from now on in a container gets its name as well. context has to outlive owners. */
void owners_name_containers(struct owners *owners, owners_name_container *name, void *context);

/* At most so many processes are named for one socket. */
#define OWNERS_PER_INODE_MAX 4

/*
 * From now on so long a time passes between two walks of /proc that they take this share of one core at the most; 0:
 * they are not spaced. What is new meanwhile has to wait for the next.
 */
void owners_limit(struct owners *owners, double cpu_share);

/*
 * Looks up all inodes (any order, doubles and zeros allowed), walking /proc once when some are not remembered, and
 * forgets those that are no longer asked for. now_ns: CLOCK_REALTIME, becomes last_seen_ns.
 * Returns 0; inodes whose owner could not be read simply have none. A negative errno when /proc cannot be read at all.
 */
must_use int owners_update(struct owners *owners, const uint32_t *inodes, size_t inode_count, int64_t now_ns,
                           struct error *error);

/* Owners of an inode as of the last update, smallest pid first; NULL and 0 when none is known. Valid until the next
 * update. */
const struct owner *owners_find(const struct owners *owners, uint32_t inode, size_t *ret_count);

/*
 * Options of a socket whose owner is known; read once in its life, and asked for once when they may not be read.
 * Returns 0; -ENOENT: nobody is known to have it; or another negative errno of sockopts_read().
 */
must_use int owners_options(struct owners *owners, uint32_t inode, struct sockopts *ret_options);

/* True when the last walk met processes whose descriptors it was not allowed to read. */
bool owners_incomplete(const struct owners *owners);

/* True while the process lives: the one of this pid that started when it did. */
bool owners_alive(const struct owner *owner);
