#include "spaces.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "collect/namespaces.h"
#include "collect/netns.h"

/* So long, at the most, a namespace that nobody else uses keeps its devices. */
#define RESCAN_NS (5 * CLOCK_NS_PER_S)
/* With very many processes and mounts a rescan takes its time: so often that it takes this share of it. */
#define RESCAN_SHARE 0.002

_Static_assert(NAMESPACES_NAME_MAX == REPORT_NETNS_NAME_MAX, "a report has room for every name");

static void member_done(struct spaces_member *member)
{
    space_free(member->space);
    free(member->place);
    cleanup_close(&member->fd);
}

void spaces_done(struct spaces *spaces)
{
    for (size_t i = 0; i < spaces->count; i++)
        member_done(&spaces->members[i]);
    free(spaces->members);
    cleanup_close(&spaces->own);
}

/* Where memory lacks for that, it is done without: nothing is watched for ever here. */
void spaces_configure(struct spaces *spaces, const struct round_options *options)
{
    spaces->due_ns = 0;
    for (size_t i = 0; i < spaces->count; i++) {
        struct spaces_member *member = &spaces->members[i];
        if (member->space != NULL && space_configure(member->space, options) < 0) {
            space_free(member->space);
            member->space = NULL;
        }
    }
}

static bool is_taken(const struct spaces *spaces, const char *name)
{
    bool taken = strcmp(name, "self") == 0;
    for (size_t i = 0; i < spaces->count && !taken; i++)
        taken = spaces->members[i].seen && strcmp(spaces->members[i].name, name) == 0;
    return taken;
}

static void choose_name(const struct spaces *spaces, const struct namespace *found, struct spaces_member *member)
{
    char names[NAMESPACES_NAMES][NAMESPACES_NAME_MAX];
    namespaces_names("/proc", found, names);
    size_t i = 0;
    while (i + 1 < NAMESPACES_NAMES && (names[i][0] == '\0' || is_taken(spaces, names[i])))
        i++;
    memcpy(member->name, names[i], sizeof(member->name));
}

static struct spaces_member *member_of(struct spaces *spaces, const struct namespace *found)
{
    for (size_t i = 0; i < spaces->count; i++)
        if (spaces->members[i].device == found->device && spaces->members[i].inode == found->inode)
            return &spaces->members[i];
    return NULL;
}

static int add_member(struct spaces *spaces, const struct spaces_member *member)
{
    if (spaces->count == spaces->capacity) {
        size_t capacity = spaces->capacity > 0 ? spaces->capacity * 2 : 8;
        struct spaces_member *members = reallocarray(spaces->members, capacity, sizeof(*members));
        if (members == NULL)
            return -ENOMEM;
        spaces->members = members;
        spaces->capacity = capacity;
    }
    spaces->members[spaces->count++] = *member;
    return 0;
}

/* What is new may have the name of one that is gone, but not of one that stays. */
static void keep(struct spaces *spaces, const struct namespace *found)
{
    struct spaces_member *member = member_of(spaces, found);
    if (member != NULL)
        member->seen = true;
}

/* A process may end before its namespace does: then it is another one's. Returns NULL without memory. */
static char *place_of(const struct namespace *found)
{
    char *place = NULL;
    if (found->path != NULL)
        return strdup(found->path);
    return asprintf(&place, "/proc/%" PRId32 "/ns/net", found->pid) < 0 ? NULL : place;
}

static size_t count_open(const struct spaces *spaces)
{
    size_t count = 0;
    for (size_t i = 0; i < spaces->count; i++)
        count += spaces->members[i].fd >= 0;
    return count;
}

static int open_member(const struct spaces *spaces, const struct namespace *found, struct spaces_member *member)
{
    if (count_open(spaces) < spaces->max)
        return namespaces_open(found, &member->fd, &member->failure);
    return error_set(&member->failure, -EMFILE,
                     "there are file descriptors for %zu namespaces only: raise the hard limit (ulimit -Hn, "
                     "LimitNOFILE=)",
                     spaces->max);
}

/* One that is there, known or new. What could not be opened is tried again. */
static int note(struct spaces *spaces, const struct namespace *found)
{
    struct spaces_member *member = member_of(spaces, found);
    if (member == NULL) {
        struct spaces_member fresh = {.device = found->device, .inode = found->inode, .fd = -1};
        choose_name(spaces, found, &fresh);
        int r = add_member(spaces, &fresh);
        if (r < 0)
            return r;
        member = &spaces->members[spaces->count - 1];
    }
    char *place = place_of(found);
    if (place == NULL)
        return -ENOMEM;
    free(member->place);
    member->place = place;
    int r = member->fd < 0 ? open_member(spaces, found, member) : 0;
    /* It has ended meanwhile. */
    member->seen = r != -ENOENT && r != -ESTALE;
    return 0;
}

/* A path that was given and cannot be looked at is a member, too: it may be there the next time. */
static int note_missing(struct spaces *spaces, const char *path, const struct error *reason)
{
    struct spaces_member missing = {.fd = -1, .failure = *reason, .seen = true};
    (void)snprintf(missing.name, sizeof(missing.name), "%s", path);
    for (size_t i = 0; i < spaces->count; i++) {
        struct spaces_member *member = &spaces->members[i];
        if (member->inode == 0 && strcmp(member->name, missing.name) == 0) {
            *member = missing;
            return 0;
        }
    }
    return add_member(spaces, &missing);
}

static void drop_unseen(struct spaces *spaces)
{
    size_t kept = 0;
    for (size_t i = 0; i < spaces->count; i++) {
        if (spaces->members[i].seen)
            spaces->members[kept++] = spaces->members[i];
        else
            member_done(&spaces->members[i]);
    }
    spaces->count = kept;
}

static int find(struct spaces *spaces, const struct round_options *options, struct error *error)
{
    cleanup(namespaces_done) struct namespaces found = {0};
    cleanup(namespaces_done) struct namespaces own = {0};
    int r = namespaces_add_path(&own, NETNS_OWN, error);
    if (r == 0 && options->every_netns)
        r = namespaces_find("/proc", &found, error);
    if (r < 0)
        return r;
    for (size_t i = 0; i < spaces->count; i++)
        spaces->members[i].seen = false;
    for (size_t i = 0; r == 0 && i < options->netns_path_count; i++) {
        struct error reason;
        r = namespaces_add_path(&found, options->netns_paths[i], &reason);
        if (r < 0 && r != -ENOMEM)
            r = note_missing(spaces, options->netns_paths[i], &reason);
    }
    for (size_t i = 0; i < found.count; i++)
        keep(spaces, &found.items[i]);
    for (size_t i = 0; r == 0 && i < found.count; i++)
        if (namespaces_of(&own, found.items[i].device, found.items[i].inode) == NULL)
            r = note(spaces, &found.items[i]);
    spaces->hidden = found.hidden;
    return r < 0 ? error_set(error, r, "out of memory") : 0;
}

int spaces_rescan(struct spaces *spaces, const struct round_options *options, int64_t now_ns)
{
    bool wanted = options->every_netns || options->netns_path_count > 0;
    if ((!wanted && spaces->count == 0) || now_ns < spaces->due_ns)
        return 0;
    int64_t before_ns = clock_thread_cpu_ns();
    spaces->failure.text[0] = '\0';
    int r = spaces->own < 0 ? netns_open(NETNS_OWN, &spaces->own, &spaces->failure) : 0;
    if (r == 0)
        r = find(spaces, options, &spaces->failure);
    if (r < 0)
        return r;
    drop_unseen(spaces);
    int64_t spaced_ns = (int64_t)((double)(clock_thread_cpu_ns() - before_ns) / RESCAN_SHARE);
    spaces->due_ns = now_ns + (spaced_ns > RESCAN_NS ? spaced_ns : RESCAN_NS);
    return 0;
}

static void come_back(const struct spaces *spaces)
{
    struct error error;
    if (netns_enter(spaces->own, &error) == 0)
        return;
    (void)fprintf(stderr, "tidewait: cannot return to the own network namespace: %s\n", error.text);
    abort();
}

static int look_within(struct spaces_member *member, const struct round_options *options, const struct moment *now,
                       struct report_netns *netns, enum round_stage *ret_stage)
{
    int r = 0;
    error_set(&member->failure, 0, "out of memory");
    if (member->space == NULL)
        r = space_new(options, member->inode, &member->space);
    if (r < 0)
        return r;
    space_limit(member->space, options->limits.max_ports);
    r = space_look(member->space, now, netns, ret_stage, &member->failure);
    if (r == 0)
        member->failure.text[0] = '\0';
    return r;
}

int spaces_look(const struct spaces *spaces, struct spaces_member *member, const struct round_options *options,
                const struct moment *now, struct report_netns *netns, enum round_stage *ret_stage)
{
    *ret_stage = STAGE_OPEN;
    if (member->fd < 0)
        return -ENOENT; /* its failure says why */
    int r = netns_enter(member->fd, &member->failure);
    if (r < 0) {
        error_prefix(&member->failure, "%s", member->place);
        return r;
    }
    r = look_within(member, options, now, netns, ret_stage);
    come_back(spaces);
    return r;
}
