/*
 * The other namespaces that a round looks at: found, entered for the length of a look, and let go of when nobody else
 * uses them any more.
 */
#pragma once

#include "space.h"

/* One of them. */
struct spaces_member {
    uint64_t device; /* of its file, with inode; 0 of a path that could not be looked at */
    uint64_t inode;
    char name[REPORT_NETNS_NAME_MAX]; /* no two alike, none "self"; stays as long as it is watched */
    char *place;                      /* owned: where it was found last, as --netns takes it; NULL: nowhere yet */
    int fd;                           /* owned: keeps the namespace until the rescan after the last other user; -1 */
    struct space *space;              /* owned; NULL until it could be entered */
    struct error failure;             /* why it could not, or the last look failed; "" when it did not */
    bool seen;                        /* by the present rescan */
};

struct spaces {
    struct spaces_member *members; /* owned; in the order in which they were found */
    size_t count;
    size_t capacity;
    size_t max;           /* so many are open at the most: each takes two descriptors */
    size_t hidden;        /* processes whose namespace may not be read */
    struct error failure; /* of the last rescan; "" when it did not fail */
    int own;              /* owned; the agent's own namespace; -1 until it is needed */
    int64_t due_ns;       /* CLOCK_MONOTONIC of the next rescan; 0: now */
};
#define SPACES_NONE ((struct spaces){.max = SIZE_MAX, .own = -1})

void spaces_done(struct spaces *spaces);

/*
 * Finds what options ask for, when a rescan is due: what is new joins, what is gone is closed, so that the kernel can
 * end it. Returns 0 or a negative errno, with the reason in spaces: then most are as they were.
 */
must_use int spaces_rescan(struct spaces *spaces, const struct round_options *options, int64_t now_ns);
/* Between two rounds; see round_reconfigure(). The next call of spaces_rescan() is due. */
void spaces_configure(struct spaces *spaces, const struct round_options *options);

/*
 * Looks at the member from within, as space_look(), and comes back. A thread that could not come back would take
 * another namespace for its own: then the process ends.
 */
must_use int spaces_look(const struct spaces *spaces, struct spaces_member *member, const struct round_options *options,
                         const struct moment *now, struct report_netns *netns, enum round_stage *ret_stage);
