#include "collect/owner.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cgroup.h"
#include "procfs.h"
#include "procsock.h"
#include "runtime.h"

#define CGROUP_TEXT_MAX 8192
/* An inode that nobody seemed to have open is looked for again after so long. */
#define SEARCH_AGAIN_NS (30 * CLOCK_NS_PER_S)

/* What is known of one inode. */
struct entry {
    uint32_t inode;
    bool wanted; /* of the search that goes on */
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
    struct entries entries;
    bool incomplete;
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

/* Who the process is. False when it is gone. */
static bool describe(const struct procsock *procsock, int64_t now_ns, struct owner *ret_owner)
{
    struct owner owner = {.pid = procsock->pid, .last_seen_ns = now_ns, .alive = true};
    struct stat directory;
    char comm[OWNER_PROCESS_MAX];
    if (fstat(procsock->directory_fd, &directory) < 0 ||
        procfs_read(procsock->directory_fd, "comm", comm, sizeof(comm)) < 0)
        return false;
    owner.uid = directory.st_uid;
    owner.runtime = runtime_of(procsock->directory_fd);
    size_t length = strlen(comm);
    if (length > 0 && comm[length - 1] == '\n')
        length--; /* the file's, not the name's: a name may hold newlines too */
    memcpy(owner.process, comm, length);

    char cgroup[CGROUP_TEXT_MAX];
    if (procfs_read(procsock->directory_fd, "cgroup", cgroup, sizeof(cgroup)) == 0) {
        cgroup_unit(cgroup, owner.unit);
        cgroup_container(cgroup, owner.container);
    }
    *ret_owner = owner;
    return true;
}

/* One search through /proc for the entries that want it. */
struct search {
    const struct entries *entries;
    int64_t now_ns;
    struct owner described; /* the process that the walk is at, once one of its sockets was asked for */
};

static int visit_socket(void *context, const struct procsock *procsock)
{
    struct search *search = context;
    struct entry *entry = entries_find(search->entries, procsock->inode);
    if (!entry || !entry->wanted || entry->owner_count >= OWNERS_PER_INODE_MAX)
        return 0;
    /* It may have the socket open twice. */
    if (entry->owner_count > 0 && entry->owners[entry->owner_count - 1].pid == procsock->pid)
        return 0;
    if (search->described.pid != procsock->pid && !describe(procsock, search->now_ns, &search->described))
        return 0;

    struct owner *grown = reallocarray(entry->owners, entry->owner_count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    grown[entry->owner_count++] = search->described;
    entry->owners = grown;
    return 0;
}

static int search_wanted(struct owners *owners, int64_t now_ns, struct error *error)
{
    struct entries *entries = &owners->entries;
    bool any = false;
    for (size_t i = 0; i < entries->count; i++) {
        entries->items[i].wanted = entry_wants_search(&entries->items[i], now_ns);
        any = any || entries->items[i].wanted;
    }
    if (!any)
        return 0;

    struct search search = {.entries = entries, .now_ns = now_ns};
    int result = procsock_walk(visit_socket, &search, &owners->incomplete, error);
    if (result < 0)
        return result;
    for (size_t i = 0; i < entries->count; i++) {
        if (entries->items[i].wanted) {
            entries->items[i].searched = true;
            entries->items[i].searched_ns = now_ns;
        }
    }
    return 0;
}

int owners_new(struct owners **ret_owners)
{
    struct owners *owners = calloc(1, sizeof(*owners));
    if (!owners)
        return -ENOMEM;
    *ret_owners = owners;
    return 0;
}

void owners_free(struct owners *owners)
{
    if (!owners)
        return;
    entries_done(&owners->entries);
    free(owners);
}

int owners_update(struct owners *owners, const uint32_t *inodes, size_t inode_count, int64_t now_ns,
                  struct error *error)
{
    struct entries asked;
    int result = entries_init(&asked, inodes, inode_count);
    if (result < 0)
        return error_set(error, result, "no memory for the owners of %zu sockets", inode_count);
    for (size_t i = 0; i < asked.count; i++) {
        struct entry *known = entries_find(&owners->entries, asked.items[i].inode);
        if (known)
            entry_take_over(&asked.items[i], known, now_ns);
    }
    entries_done(&owners->entries);
    owners->entries = asked;
    return search_wanted(owners, now_ns, error);
}

const struct owner *owners_find(const struct owners *owners, uint32_t inode, size_t *ret_count)
{
    const struct entry *entry = entries_find(&owners->entries, inode);
    *ret_count = entry ? entry->owner_count : 0;
    return entry ? entry->owners : NULL;
}

bool owners_incomplete(const struct owners *owners)
{
    return owners->incomplete;
}
