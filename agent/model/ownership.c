#include "model/ownership.h"

#include <errno.h>

#include "processes.h"
#include "remembered.h"
#include "tenures.h"

/* TCP_TIMEWAIT_LEN of include/net/tcp.h. */
#define TIME_WAIT_MS 60000
#define NS_PER_MS (INT64_C(1000) * 1000)

struct ownership {
    struct processes processes;
    struct remembered connections;
    struct tenures listeners;
    int64_t now_ns;
    int64_t previous_ns; /* of the last round that was whole; INT64_MIN before the first */
    uint32_t round;
    bool whole; /* the last one */
};

int ownership_new(struct ownership **ret_ownership)
{
    struct ownership *ownership = calloc(1, sizeof(*ownership));
    if (ownership == NULL)
        return -ENOMEM;
    ownership->previous_ns = INT64_MIN;
    *ret_ownership = ownership;
    return 0;
}

void ownership_free(struct ownership *ownership)
{
    if (ownership == NULL)
        return;
    processes_done(&ownership->processes);
    remembered_done(&ownership->connections);
    tenures_done(&ownership->listeners);
    free(ownership);
}

static void drop(void *context, struct memory *memory)
{
    struct ownership *ownership = context;
    processes_drop(&ownership->processes, &memory->claim);
}

void ownership_begin(struct ownership *ownership, int64_t now_ns)
{
    /* Not at its end: the claims of a round name processes until the next. */
    if (ownership->whole) {
        remembered_keep(&ownership->connections, ownership->round, drop, ownership);
        tenures_forget(&ownership->listeners, now_ns - OWNERSHIP_GONE_AFTER_NS, &ownership->processes);
        processes_settle(&ownership->processes);
    }
    ownership->whole = false;
    ownership->now_ns = now_ns;
    ownership->round++;
}

void ownership_end(struct ownership *ownership)
{
    tenures_end(&ownership->listeners, ownership->round, ownership->now_ns);
    ownership->previous_ns = ownership->now_ns;
    ownership->whole = true;
}

/* A process may have handed its socket on, and ended. */
static void forget_the_dead(struct ownership *ownership, struct claim *claim)
{
    if (claim->count > 0 && !processes_live(&ownership->processes, claim))
        processes_drop(&ownership->processes, claim);
}

static void see_listener(struct ownership *ownership, const struct sock *sock, struct claim *ret_claim)
{
    /* How long those of the first round have been there is not known. */
    int64_t not_before_ns = ownership->previous_ns != INT64_MIN ? ownership->previous_ns : ownership->now_ns;
    struct tenure *tenure = tenures_see(&ownership->listeners, sock, ownership->round, not_before_ns);
    if (tenure == NULL)
        return;
    forget_the_dead(ownership, &tenure->claim);
    *ret_claim = tenure->claim;
}

/* Its process has closed it, or ended. */
static bool is_orphan(const struct sock *sock)
{
    return sock->inode == 0 && (sock->state == SOCK_FIN_WAIT1 || sock->state == SOCK_FIN_WAIT2 ||
                                sock->state == SOCK_CLOSING || sock->state == SOCK_LAST_ACK);
}

/* What is remembered of a connection; NULL: nothing. */
static const struct memory *see_connection(struct ownership *ownership, const struct sock *sock)
{
    struct memory *memory = remembered_find(&ownership->connections, sock->cookie);
    if (memory == NULL && (sock->inode != 0 || is_orphan(sock)))
        memory = remembered_add(&ownership->connections, sock->cookie);
    if (memory == NULL)
        return NULL;
    if (sock->inode != 0 && memory->inode != sock->inode) {
        /* A derived cookie stands for the next socket as well. */
        processes_drop(&ownership->processes, &memory->claim);
        memory->claim.direction = DIRECTION_UNKNOWN;
        memory->orphaned = false;
    }
    memory->inode = sock->inode;
    if (is_orphan(sock) && !memory->orphaned) {
        memory->orphaned = true;
        memory->left = (struct span){.since_ns = ownership->previous_ns, .until_ns = ownership->now_ns};
    }
    if (sock->inode != 0)
        forget_the_dead(ownership, &memory->claim);
    if (sock->direction != DIRECTION_UNKNOWN)
        memory->claim.direction = sock->direction;
    memory->round = ownership->round;
    return memory;
}

/* When its process left it. */
static struct span left_in(const struct ownership *ownership, const struct sock *sock, const struct memory *memory)
{
    if (memory != NULL && memory->orphaned)
        return memory->left;
    if (sock->state == SOCK_TIME_WAIT && sock->remaining_ms <= TIME_WAIT_MS) {
        int64_t at_ns = ownership->now_ns - (TIME_WAIT_MS - (int64_t)sock_due_ms(sock)) * NS_PER_MS;
        return (struct span){.since_ns = at_ns, .until_ns = at_ns};
    }
    if (sock->state == SOCK_TIME_WAIT || is_orphan(sock))
        return (struct span){.since_ns = INT64_MIN, .until_ns = ownership->now_ns};
    /* Not yet: it waits for accept(). */
    return (struct span){.since_ns = INT64_MAX, .until_ns = INT64_MAX};
}

void ownership_see(struct ownership *ownership, const struct sock *sock, struct claim *ret_claim)
{
    *ret_claim = (struct claim){0};
    if (sock->state == SOCK_LISTEN) {
        see_listener(ownership, sock, ret_claim);
        return;
    }
    const struct memory *known = see_connection(ownership, sock);
    if (known != NULL)
        *ret_claim = known->claim;
    if (sock->inode != 0) {
        ret_claim->count = 0;
    } else if (ret_claim->count == 0 && ret_claim->direction != DIRECTION_OUTBOUND) {
        struct span left = left_in(ownership, sock, known);
        tenures_claim(&ownership->listeners, sock, ownership->round, &left, ret_claim);
    }
}

static bool is_nameless_memory(const struct ownership *ownership, const struct memory *memory)
{
    return memory->inode != 0 && memory->claim.count == 0 && memory->round == ownership->round;
}

static bool is_nameless_tenure(const struct tenure *tenure)
{
    return tenure->inode != 0 && tenure->claim.count == 0 && tenure->gone_ns == INT64_MAX;
}

/* What find does not know any more stays as it was. */
static void name(struct ownership *ownership, ownership_find *find, const void *context, uint32_t inode,
                 struct claim *claim)
{
    size_t count;
    const struct owner *owners = find(context, inode, &count);
    if (owners == NULL || count == 0)
        return;
    struct claim former = *claim;
    claim->count = 0;
    processes_take(&ownership->processes, owners, count, claim);
    processes_drop(&ownership->processes, &former);
}

void ownership_name(struct ownership *ownership, ownership_find *find, const void *context)
{
    /* A listener may be shared with others later: a service manager opens it, the service serves it. */
    for (size_t i = 0; i < ownership->listeners.count; i++) {
        struct tenure *tenure = &ownership->listeners.items[i];
        if (tenure->inode != 0 && tenure->gone_ns == INT64_MAX)
            name(ownership, find, context, tenure->inode, &tenure->claim);
    }
    for (size_t i = 0; i < ownership->connections.capacity; i++) {
        struct memory *memory = &ownership->connections.items[i];
        if (is_nameless_memory(ownership, memory))
            name(ownership, find, context, memory->inode, &memory->claim);
    }
}

size_t ownership_unnamed(const struct ownership *ownership, uint32_t *ret_inodes)
{
    size_t count = 0;
    for (size_t i = 0; i < ownership->listeners.count; i++) {
        const struct tenure *tenure = &ownership->listeners.items[i];
        if (is_nameless_tenure(tenure))
            ret_inodes[count++] = tenure->inode;
    }
    for (size_t i = 0; i < ownership->connections.capacity; i++) {
        const struct memory *memory = &ownership->connections.items[i];
        if (is_nameless_memory(ownership, memory))
            ret_inodes[count++] = memory->inode;
    }
    return count;
}

size_t ownership_size(const struct ownership *ownership)
{
    return ownership->connections.count + ownership->listeners.count;
}

void ownership_check(struct ownership *ownership, int64_t now_ns, bool (*is_alive)(const struct owner *owner))
{
    for (size_t i = 0; i < ownership->processes.count; i++) {
        struct process *process = &ownership->processes.items[i];
        if (process->vacant || !process->owner.alive)
            continue;
        process->owner.alive = is_alive(&process->owner);
        if (process->owner.alive)
            process->owner.last_seen_ns = now_ns;
    }
}

const struct owner *ownership_process(const struct ownership *ownership, uint16_t process)
{
    return &ownership->processes.items[process].owner;
}
