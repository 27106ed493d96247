#include "model/holder.h"

#include <errno.h>
#include <stdio.h>

#define CONTAINER_ID_SHORT 12

void holders_done(struct holders *holders)
{
    free(holders->groups);
    *holders = (struct holders){0};
}

void holders_reset(struct holders *holders)
{
    holders->count = 0;
    holders->listener_signature = 0;
    holders->other_signature = 0;
}

/* A bijection that spreads close values (cookies come in runs): the finaliser of SplitMix64. */
static uint64_t spread(uint64_t value)
{
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

static void sign(struct holders *holders, const struct sock *sock)
{
    uint64_t mark = spread(sock->cookie + ((uint64_t)sock->state << 56));
    if (sock->state == SOCK_LISTEN)
        holders->listener_signature += mark;
    else
        holders->other_signature += mark;
}

static bool same_kind(const struct holder *holder, const struct sock *sock)
{
    return !holder->many_locals && holder->state == sock->state && holder->direction == sock->direction &&
           holder->family == sock->family && holder->v6only == sock->v6only && holder->minisocket == sock->minisocket &&
           holder->interface == sock->interface && address_equal(&holder->local, &sock->local);
}

static bool gathers(const struct holder *holder, const struct sock *sock)
{
    return holder->many_locals && holder->state == sock->state && holder->family == sock->family &&
           holder->minisocket == sock->minisocket;
}

static struct holder *append(struct holders *holders, const struct sock *sock)
{
    if (holders->count == holders->capacity) {
        size_t capacity = holders->capacity > 0 ? holders->capacity * 2 : 2;
        struct holder *groups = reallocarray(holders->groups, capacity, sizeof(*groups));
        if (groups == NULL)
            return NULL;
        holders->groups = groups;
        holders->capacity = capacity;
    }
    struct holder *holder = &holders->groups[holders->count++];
    *holder = (struct holder){
        .state = sock->state,
        .direction = sock->direction,
        .family = sock->family,
        .v6only = sock->v6only,
        .minisocket = sock->minisocket,
        .interface = sock->interface,
        .local = sock->local,
        .remote = sock->remote,
        .remote_port = sock->remote_port,
        .uid = sock->uid,
        .shortest_remaining_ms = sock_due_ms(sock),
    };
    return holder;
}

static struct holder *group_of(struct holders *holders, const struct sock *sock)
{
    for (size_t i = 0; i < holders->count; i++)
        if (same_kind(&holders->groups[i], sock))
            return &holders->groups[i];
    if (holders->count < HOLDERS_GROUPS_MAX)
        return append(holders, sock);
    for (size_t i = 0; i < holders->count; i++)
        if (gathers(&holders->groups[i], sock))
            return &holders->groups[i];
    struct holder *rest = append(holders, sock);
    if (rest != NULL) {
        rest->many_locals = true;
        rest->direction = DIRECTION_UNKNOWN;
        rest->v6only = sock->family == FAMILY_IPV6 ? V6ONLY_UNKNOWN : V6ONLY_NO;
    }
    return rest;
}

/* How far over or under its limit the accept queue is. */
static int64_t fullness(uint32_t length, uint32_t limit)
{
    return (int64_t)length - (int64_t)limit;
}

static void count_in(struct holder *holder, const struct sock *sock)
{
    uint32_t due_ms = sock_due_ms(sock);
    if (due_ms > holder->longest_remaining_ms)
        holder->longest_remaining_ms = due_ms;
    if (due_ms < holder->shortest_remaining_ms)
        holder->shortest_remaining_ms = due_ms;
    if (holder->count == 0 ||
        fullness(sock->queue_length, sock->queue_limit) > fullness(holder->queue_length, holder->queue_limit)) {
        holder->queue_length = sock->queue_length;
        holder->queue_limit = sock->queue_limit;
    }
    if (sock->inode != 0 && holder->inode_count < HOLDER_INODES_MAX)
        holder->inodes[holder->inode_count++] = sock->inode;
    holder->count++;
    /* Several listeners on one address and every interface: only SO_REUSEPORT allows that. */
    if (holder->state == SOCK_LISTEN && holder->count > 1 && !holder->many_locals && holder->interface == 0)
        holder->reuseport = SOCKOPT_ON;
}

void claim_join(struct claim *claim, const struct claim *other)
{
    for (size_t i = 0; i < other->count && claim->count < CLAIM_PROCESSES_MAX; i++) {
        size_t at = 0;
        while (at < claim->count && claim->processes[at] != other->processes[i])
            at++;
        if (at == claim->count)
            claim->processes[claim->count++] = other->processes[i];
    }
    claim->inferred = claim->inferred || (other->inferred && other->count > 0);
}

int holders_add_claimed(struct holders *holders, const struct sock *sock, const struct claim *claim)
{
    struct sock known = *sock;
    if (known.direction == DIRECTION_UNKNOWN)
        known.direction = claim->direction;
    struct holder *holder = group_of(holders, &known);
    if (holder == NULL)
        return -ENOMEM;
    sign(holders, &known);
    count_in(holder, &known);
    claim_join(&holder->claim, claim);
    return 0;
}

int holders_add(struct holders *holders, const struct sock *sock)
{
    return holders_add_claimed(holders, sock, &(struct claim){0});
}

void holder_container_label(const struct owner *owner, char ret_label[static OWNER_CONTAINER_NAME_MAX])
{
    bool named = owner->container_name[0] != '\0';
    (void)snprintf(ret_label, OWNER_CONTAINER_NAME_MAX, "%.*s",
                   named ? OWNER_CONTAINER_NAME_MAX - 1 : CONTAINER_ID_SHORT,
                   named ? owner->container_name : owner->container);
}

enum restart holder_worse_restart(enum restart left, enum restart right)
{
    if (left == RESTART_UNSAFE || right == RESTART_UNSAFE)
        return RESTART_UNSAFE;
    if (left == RESTART_REFUSED || right == RESTART_REFUSED)
        return RESTART_REFUSED;
    return left == RESTART_SAFE ? right : left;
}
