#include "collect/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "cgroup.h"
#include "procfs.h"
#include "procsock.h"
#include "runtime.h"

#define CGROUP_TEXT_MAX 8192
#define STAT_TEXT_MAX 1024
/* An inode that nobody seemed to have open is looked for again after so long. */
#define SEARCH_AGAIN_NS (30 * CLOCK_NS_PER_S)

/* What is known of one inode. */
struct entry {
    uint32_t inode;
    bool searched;
    int64_t searched_ns;
    struct owner *owners;                  /* owned; smallest pid first */
    int32_t numbers[OWNERS_PER_INODE_MAX]; /* of the descriptor that each of them has */
    size_t owner_count;
    bool options_asked; /* for the socket's life */
    int options_error;  /* 0: options are known */
    struct sockopts options;
};

struct entries {
    struct entry *items; /* owned; sorted by inode, no two alike */
    size_t count;
};

struct owners {
    struct entries entries;
    bool incomplete;
    double cpu_share;                      /* of one core, that searches may take; 0: as much as they need */
    int64_t next_search_ns;                /* CLOCK_MONOTONIC; not before */
    owners_name_container *name_container; /* NULL: containers have no names */
    void *name_context;
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

/* A process may have ended, or closed it, or have been met between fork() and exec(). */
static void entry_verify(struct entry *entry, int64_t now_ns)
{
    size_t kept = 0;
    for (size_t i = 0; i < entry->owner_count; i++) {
        if (!procsock_is_open(entry->owners[i].pid, entry->numbers[i], entry->inode))
            continue;
        entry->owners[kept] = entry->owners[i];
        entry->numbers[kept] = entry->numbers[i];
        entry->owners[kept++].last_seen_ns = now_ns;
    }
    if (entry->owner_count > 0 && kept == 0)
        entry->searched = false;
    entry->owner_count = kept;
}

/* Takes over what was known of the inode. */
static void entry_take_over(struct entry *entry, struct entry *known, int64_t now_ns)
{
    *entry = *known;
    known->owners = NULL;
    known->owner_count = 0;
    entry_verify(entry, now_ns);
}

static bool entry_wants_search(const struct entry *entry, int64_t now_ns)
{
    if (entry->owner_count > 0)
        return false;
    /* Real time may have been set back. */
    return !entry->searched || now_ns < entry->searched_ns || now_ns - entry->searched_ns >= SEARCH_AGAIN_NS;
}

/* False when it is gone, or has ended. */
static bool read_start(int directory_fd, const char *path, uint64_t *ret_ticks)
{
    char stat[STAT_TEXT_MAX];
    return procfs_read(directory_fd, path, stat, sizeof(stat)) == 0 && !procfs_is_zombie(stat) &&
           procfs_start_ticks(stat, ret_ticks) == 0;
}

/* Who the process is. False when it is gone. */
static bool describe(const struct procsock *procsock, int64_t now_ns, struct owner *ret_owner)
{
    struct owner owner = {.pid = procsock->pid, .last_seen_ns = now_ns, .alive = true};
    struct stat directory;
    char comm[OWNER_PROCESS_MAX];
    if (fstat(procsock->directory_fd, &directory) < 0 ||
        procfs_read(procsock->directory_fd, "comm", comm, sizeof(comm)) < 0 ||
        !read_start(procsock->directory_fd, "stat", &owner.start_ticks))
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

/* One search through /proc. */
struct visit {
    const struct owners *owners;
    int64_t now_ns;
    struct owner described; /* the process that the walk is at, once one of its sockets was asked for */
};

/* As describe(), with the name of the container. */
static bool introduce(struct visit *visit, const struct procsock *procsock)
{
    struct owner *owner = &visit->described;
    if (!describe(procsock, visit->now_ns, owner))
        return false;
    if (owner->container[0] != '\0' && visit->owners->name_container != NULL)
        visit->owners->name_container(visit->owners->name_context, owner->container, owner->container_name);
    return true;
}

static int visit_socket(void *context, const struct procsock *procsock)
{
    struct visit *visit = context;
    struct entry *entry = entries_find(&visit->owners->entries, procsock->inode);
    if (!entry || entry->owner_count >= OWNERS_PER_INODE_MAX)
        return 0;
    /* It may have the socket open twice. */
    if (entry->owner_count > 0 && entry->owners[entry->owner_count - 1].pid == procsock->pid)
        return 0;
    if (visit->described.pid != procsock->pid && !introduce(visit, procsock))
        return 0;

    struct owner *grown = reallocarray(entry->owners, entry->owner_count + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    grown[entry->owner_count] = visit->described;
    entry->owners = grown;
    entry->numbers[entry->owner_count++] = procsock->number;
    return 0;
}

static bool some_want_search(const struct entries *entries, int64_t now_ns)
{
    for (size_t i = 0; i < entries->count; i++)
        if (entry_wants_search(&entries->items[i], now_ns))
            return true;
    return false;
}

/* All of them, when one wants it: a process may share by now what was another's alone. */
static int search(struct owners *owners, int64_t now_ns, struct error *error)
{
    struct entries *entries = &owners->entries;
    if (!some_want_search(entries, now_ns) || clock_monotonic_ns() < owners->next_search_ns)
        return 0;
    for (size_t i = 0; i < entries->count; i++)
        entries->items[i].owner_count = 0;

    int64_t began_ns = clock_monotonic_ns();
    int64_t cpu_ns = clock_thread_cpu_ns();
    struct visit visit = {.owners = owners, .now_ns = now_ns};
    int result = procsock_walk(visit_socket, &visit, &owners->incomplete, error);
    if (owners->cpu_share > 0)
        owners->next_search_ns = began_ns + (int64_t)((double)(clock_thread_cpu_ns() - cpu_ns) / owners->cpu_share);
    for (size_t i = 0; i < entries->count; i++) {
        entries->items[i].searched = result == 0;
        entries->items[i].searched_ns = now_ns;
        entry_verify(&entries->items[i], now_ns);
    }
    return result;
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

void owners_limit(struct owners *owners, double cpu_share)
{
    owners->cpu_share = cpu_share;
}

void owners_name_containers(struct owners *owners, owners_name_container *name, void *context)
{
    owners->name_container = name;
    owners->name_context = context;
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
    return search(owners, now_ns, error);
}

const struct owner *owners_find(const struct owners *owners, uint32_t inode, size_t *ret_count)
{
    const struct entry *entry = entries_find(&owners->entries, inode);
    *ret_count = entry ? entry->owner_count : 0;
    return entry ? entry->owners : NULL;
}

int owners_options(struct owners *owners, uint32_t inode, struct sockopts *ret_options)
{
    struct entry *entry = entries_find(&owners->entries, inode);
    for (size_t i = 0; entry && !entry->options_asked && i < entry->owner_count; i++) {
        entry->options_error = sockopts_read(entry->owners[i].pid, inode, &entry->options);
        /* The process has closed it, the next one may still have it. */
        entry->options_asked = entry->options_error != -ENOENT;
    }
    if (!entry || !entry->options_asked)
        return -ENOENT;
    if (entry->options_error < 0)
        return entry->options_error;
    *ret_options = entry->options;
    return 0;
}

bool owners_incomplete(const struct owners *owners)
{
    return owners->incomplete;
}

bool owners_alive(const struct owner *owner)
{
    char path[32];
    uint64_t start_ticks;
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)owner->pid);
    return read_start(AT_FDCWD, path, &start_ticks) && start_ticks == owner->start_ticks;
}
