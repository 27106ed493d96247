/* Connections, orphans among them, by their cookie: an open-addressed table. */
#pragma once

#include "tenures.h"

struct memory {
    uint64_t cookie; /* 0: the place is free */
    uint32_t inode;  /* while a process had it */
    uint32_t round;  /* that saw it last */
    struct claim claim;
    struct span left; /* orphans: when its process left it */
    bool orphaned;
};

/* Zero-initialised is empty. */
struct remembered {
    struct memory *items; /* owned */
    size_t count;
    size_t capacity; /* a power of two, or 0 */
};

void remembered_done(struct remembered *remembered);

/* NULL when it is not there. Valid until the next remembered_add(). */
struct memory *remembered_find(const struct remembered *remembered, uint64_t cookie);

/* An empty place for a cookie that is not there; NULL when there is no room, or no memory. */
struct memory *remembered_add(struct remembered *remembered, uint64_t cookie);

/* Puts those that stay into a table of their own; drop is called for each other. Without memory all stay. */
void remembered_keep(struct remembered *remembered, uint32_t round, void (*drop)(void *context, struct memory *memory),
                     void *context);
