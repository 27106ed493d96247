#include "tenures.h"

#include "model/ownership.h"

#define NOBODY UINT16_C(0)

void tenures_done(struct tenures *tenures)
{
    free(tenures->items);
    *tenures = (struct tenures){0};
}

static void enlist(struct tenures *tenures, size_t index)
{
    uint16_t *lane = &tenures->lanes[tenures->items[index].port % TENURES_LANES];
    tenures->items[index].next = *lane;
    *lane = (uint16_t)(index + 1);
}

static void enlist_all(struct tenures *tenures)
{
    memset(tenures->lanes, 0, sizeof(tenures->lanes));
    for (size_t i = 0; i < tenures->count; i++)
        enlist(tenures, i);
}

static struct tenure *first(const struct tenures *tenures, uint16_t port)
{
    uint16_t at = tenures->lanes[port % TENURES_LANES];
    return at != NOBODY ? &tenures->items[at - 1] : NULL;
}

static struct tenure *following(const struct tenures *tenures, const struct tenure *tenure)
{
    uint16_t at = tenure->next;
    return at != NOBODY ? &tenures->items[at - 1] : NULL;
}

static bool make_room(struct tenures *tenures)
{
    if (tenures->count < tenures->capacity)
        return true;
    if (tenures->count == OWNERSHIP_LISTENERS_MAX)
        return false;
    size_t capacity = tenures->capacity > 0 ? tenures->capacity * 2 : 2;
    struct tenure *items = reallocarray(tenures->items, capacity, sizeof(*items));
    if (items == NULL)
        return false;
    tenures->items = items;
    tenures->capacity = capacity;
    return true;
}

struct tenure *tenures_see(struct tenures *tenures, const struct sock *sock, uint32_t round, int64_t not_before_ns)
{
    for (struct tenure *known = first(tenures, sock->local_port); known != NULL; known = following(tenures, known)) {
        if (known->cookie == sock->cookie && known->inode == sock->inode) {
            known->round = round;
            known->gone_ns = INT64_MAX;
            return known;
        }
    }
    if (!make_room(tenures))
        return NULL;
    struct tenure *tenure = &tenures->items[tenures->count];
    *tenure = (struct tenure){
        .cookie = sock->cookie,
        .inode = sock->inode,
        .round = round,
        .not_before_ns = not_before_ns,
        .gone_ns = INT64_MAX,
        .port = sock->local_port,
        .family = sock->family,
        .interface = sock->interface,
        .local = sock->local,
    };
    enlist(tenures, tenures->count++);
    return tenure;
}

void tenures_end(struct tenures *tenures, uint32_t round, int64_t now_ns)
{
    for (size_t i = 0; i < tenures->count; i++)
        if (tenures->items[i].round != round && tenures->items[i].gone_ns == INT64_MAX)
            tenures->items[i].gone_ns = now_ns;
}

static void forget(struct tenures *tenures, int64_t gone_by_ns, struct processes *processes)
{
    size_t kept = 0;
    for (size_t i = 0; i < tenures->count; i++) {
        if (tenures->items[i].gone_ns <= gone_by_ns)
            processes_drop(processes, &tenures->items[i].claim);
        else
            tenures->items[kept++] = tenures->items[i];
    }
    if (kept == tenures->count)
        return;
    tenures->count = kept;
    enlist_all(tenures);
}

void tenures_forget(struct tenures *tenures, int64_t gone_by_ns, struct processes *processes)
{
    forget(tenures, gone_by_ns, processes);
    if (tenures->count < OWNERSHIP_LISTENERS_MAX)
        return;
    int64_t oldest_ns = INT64_MAX;
    for (size_t i = 0; i < tenures->count; i++)
        if (tenures->items[i].gone_ns < oldest_ns)
            oldest_ns = tenures->items[i].gone_ns;
    if (oldest_ns != INT64_MAX)
        forget(tenures, oldest_ns, processes);
}

/* An accepted socket has its listener's family, and its address unless that was the wildcard. */
static bool could_accept(const struct tenure *tenure, const struct sock *sock)
{
    struct address local = address_unmapped(&tenure->local);
    return tenure->port == sock->local_port && tenure->family == sock->family &&
           (tenure->interface == 0 || tenure->interface == sock->interface) &&
           (address_is_wildcard(&local) || address_equal(&tenure->local, &sock->local));
}

void tenures_claim(const struct tenures *tenures, const struct sock *sock, uint32_t round, const struct span *left,
                   struct claim *ret_claim)
{
    struct claim claim = {.inferred = true};
    const struct tenure *last_gone = NULL;
    bool some_live = false;
    bool some_left = false;
    for (const struct tenure *tenure = first(tenures, sock->local_port); tenure != NULL;
         tenure = following(tenures, tenure)) {
        if (!could_accept(tenure, sock) || tenure->not_before_ns >= left->until_ns)
            continue;
        bool live = tenure->round == round;
        if (live || tenure->gone_ns > left->since_ns) {
            some_live = some_live || live;
            some_left = some_left || !live;
            claim_join(&claim, &tenure->claim);
        } else if (last_gone == NULL || tenure->gone_ns > last_gone->gone_ns) {
            last_gone = tenure;
        }
    }
    /* One followed the other in that time: it may be of either. */
    if (some_live && some_left)
        return;
    if (!some_live && !some_left && last_gone != NULL)
        claim_join(&claim, &last_gone->claim);
    claim_join(ret_claim, &claim);
}
