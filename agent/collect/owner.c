#include "collect/owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cgroup.h"
#include "procfs.h"

#define CGROUP_TEXT_MAX 8192
/* An inode that nobody seemed to have open is looked for again after so long. */
#define SEARCH_AGAIN_NS (30 * CLOCK_NS_PER_S)

/* What is known of one inode. */
struct entry {
    uint32_t inode;
    bool searched;
    int64_t searched_ns;
    struct owner *owners; /* owned; smallest pid first */
    size_t owner_count;
};

struct entries {
    struct entry *items; /* owned; sorted by inode, no two alike */
    size_t count;
};

struct owners {
    struct entries known;
    bool incomplete;
};

/* One walk of /proc. */
struct search {
    struct owners *owners;
    int64_t now_ns;
};

static void entries_done(struct entries *entries)
{
    for (size_t i = 0; i < entries->count; i++)
        free(entries->items[i].owners);
    free(entries->items);
    *entries = (struct entries){0};
}

static int compare_inodes(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    return (a->inode > b->inode) - (a->inode < b->inode);
}

static struct entry *entries_find(const struct entries *entries, uint32_t inode)
{
    const struct entry key = {.inode = inode};
    if (entries->count == 0)
        return NULL;
    return bsearch(&key, entries->items, entries->count, sizeof(key), compare_inodes);
}

/* One empty entry for each inode, doubles and zeros left out. */
static int entries_init(struct entries *entries, const uint32_t *inodes, size_t inode_count)
{
    *entries = (struct entries){0};
    if (inode_count == 0)
        return 0;
    entries->items = calloc(inode_count, sizeof(*entries->items));
    if (!entries->items)
        return -ENOMEM;
    for (size_t i = 0; i < inode_count; i++)
        entries->items[i].inode = inodes[i];
    qsort(entries->items, inode_count, sizeof(*entries->items), compare_inodes);
    uint32_t previous = 0;
    for (size_t i = 0; i < inode_count; i++) {
        uint32_t inode = entries->items[i].inode;
        if (inode != previous)
            entries->items[entries->count++].inode = inode;
        previous = inode;
    }
    return 0;
}

/* Takes over what was known of the inode. */
static void entry_take_over(struct entry *entry, struct entry *known, int64_t now_ns)
{
    *entry = *known;
    known->owners = NULL;
    known->owner_count = 0;
    for (size_t i = 0; i < entry->owner_count; i++)
        entry->owners[i].last_seen_ns = now_ns;
}

static bool entry_wants_search(const struct entry *entry, int64_t now_ns)
{
    if (entry->owner_count > 0)
        return false;
    /* Real time may have been set back. */
    return !entry->searched || now_ns < entry->searched_ns || now_ns - entry->searched_ns >= SEARCH_AGAIN_NS;
}
