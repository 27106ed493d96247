#include "model/destinations.h"

#include <errno.h>

struct destinations {
    struct destination *items; /* owned; as many as the capacity */
    uint32_t *slots;           /* owned; open addressing: index into items, plus one; 0: free */
    size_t slot_count;         /* twice the capacity */
    size_t capacity;           /* a power of two, or 0; grows as far as max_count needs */
    size_t max_count;
    size_t count;
    uint64_t uncounted;
    bool ended; /* the counts are those of a whole round */
};

/* Rates follow a change within about so long. */
#define SMOOTHING_S 15.0
#define CAPACITY_MIN 16
#define NS_PER_S 1e9
#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

int destinations_new(size_t max_count, struct destinations **ret_destinations)
{
    struct destinations *destinations = calloc(1, sizeof(*destinations));
    if (destinations == NULL)
        return -ENOMEM;
    destinations->max_count = max_count;
    *ret_destinations = destinations;
    return 0;
}

void destinations_free(struct destinations *destinations)
{
    if (destinations == NULL)
        return;
    free(destinations->items);
    free(destinations->slots);
    free(destinations);
}

/* FNV-1a, but by words: a hash is made for each socket of a dump. */
static uint64_t mix(uint64_t hash, const struct address *address)
{
    uint64_t words[2];
    memcpy(words, address->bytes, sizeof(words));
    hash = (hash ^ words[0]) * FNV_PRIME;
    hash ^= hash >> 32;
    hash = (hash ^ words[1]) * FNV_PRIME;
    return hash ^ hash >> 32;
}

static size_t hash_of(const struct destination *key)
{
    uint64_t hash = FNV_BASIS ^ key->port ^ (uint64_t)key->protocol << 16;
    return (size_t)mix(mix(hash, &key->destination), &key->source);
}

static bool same(const struct destination *left, const struct destination *right)
{
    return left->protocol == right->protocol && left->port == right->port &&
           address_equal(&left->destination, &right->destination) && address_equal(&left->source, &right->source);
}

/* The slot that has the key, or the free one where it belongs. */
static uint32_t *slot_of(const struct destinations *destinations, const struct destination *key)
{
    size_t at = hash_of(key) & (destinations->slot_count - 1);
    while (destinations->slots[at] != 0 && !same(&destinations->items[destinations->slots[at] - 1], key))
        at = (at + 1) & (destinations->slot_count - 1);
    return &destinations->slots[at];
}

/* NULL when it is not there. */
static struct destination *find(const struct destinations *destinations, const struct destination *key)
{
    if (destinations->capacity == 0)
        return NULL;
    uint32_t slot = *slot_of(destinations, key);
    return slot != 0 ? &destinations->items[slot - 1] : NULL;
}

/* Most namespaces have few destinations, or none. */
static bool grow(struct destinations *destinations)
{
    size_t capacity = destinations->capacity > 0 ? destinations->capacity * 2 : CAPACITY_MIN;
    struct destination *items = reallocarray(destinations->items, capacity, sizeof(*items));
    if (items == NULL)
        return false;
    destinations->items = items;
    uint32_t *slots = calloc(capacity * 2, sizeof(*slots));
    if (slots == NULL)
        return false;
    free(destinations->slots);
    destinations->slots = slots;
    destinations->slot_count = capacity * 2;
    destinations->capacity = capacity;
    for (size_t i = 0; i < destinations->count; i++)
        *slot_of(destinations, &items[i]) = (uint32_t)(i + 1);
    return true;
}

void destinations_begin(struct destinations *destinations)
{
    size_t kept = 0;
    if (destinations->count > 0)
        memset(destinations->slots, 0, destinations->slot_count * sizeof(*destinations->slots));
    for (size_t i = 0; i < destinations->count; i++) {
        struct destination item = destinations->items[i];
        if (!item.settled)
            continue;
        if (destinations->ended)
            item.live_before = item.live;
        item.live = 0;
        item.time_wait = 0;
        item.reusable = 0;
        item.chosen = 0;
        item.entered = 0;
        destinations->items[kept++] = item;
        *slot_of(destinations, &item) = (uint32_t)kept;
    }
    destinations->count = kept;
    destinations->uncounted = 0;
    destinations->ended = false;
}

static struct destination key_of(const struct sock *sock)
{
    return (struct destination){
        .protocol = sock->protocol,
        .source = address_unmapped(&sock->local),
        .destination = address_unmapped(&sock->remote),
        .port = sock->remote_port,
    };
}

/* NULL when there is no room. */
static struct destination *find_or_add(struct destinations *destinations, const struct destination *key)
{
    struct destination *found = find(destinations, key);
    if (found != NULL)
        return found;
    bool full = destinations->count == destinations->max_count;
    if (full || (destinations->count == destinations->capacity && !grow(destinations)))
        return NULL;
    destinations->items[destinations->count] = *key;
    *slot_of(destinations, key) = (uint32_t)(destinations->count + 1);
    return &destinations->items[destinations->count++];
}

void destinations_add(struct destinations *destinations, const struct sock *sock, bool entered, bool reusable)
{
    struct destination key = key_of(sock);
    struct destination *item = find_or_add(destinations, &key);
    if (item == NULL) {
        destinations->uncounted++;
        return;
    }
    if (sock->state == SOCK_TIME_WAIT)
        item->time_wait++;
    else
        item->live++;
    item->reusable += reusable;
    item->entered += entered;
}

void destinations_mark_chosen(struct destinations *destinations, const struct sock *sock)
{
    struct destination key = key_of(sock);
    struct destination *item = find(destinations, &key);
    if (item != NULL)
        item->chosen++;
}

static void smooth(struct destination *item, double elapsed_s)
{
    double weight = item->rated ? elapsed_s / (elapsed_s + SMOOTHING_S) : 1;
    item->entered_per_second += ((double)item->entered / elapsed_s - item->entered_per_second) * weight;
    item->growth_per_second +=
        (((double)item->live - item->live_before) / elapsed_s - item->growth_per_second) * weight;
    item->rated = true;
}

void destinations_end(struct destinations *destinations, int64_t elapsed_ns)
{
    double elapsed_s = (double)elapsed_ns / NS_PER_S;
    for (size_t i = 0; i < destinations->count; i++) {
        struct destination *item = &destinations->items[i];
        item->entered_total += item->entered;
        if (elapsed_s > 0)
            smooth(item, elapsed_s);
        item->settled = item->live > 0 || item->time_wait > 0;
    }
    destinations->ended = true;
}

size_t destinations_count(const struct destinations *destinations)
{
    return destinations->count;
}

const struct destination *destinations_at(const struct destinations *destinations, size_t index)
{
    return &destinations->items[index];
}

uint64_t destinations_uncounted(const struct destinations *destinations)
{
    return destinations->uncounted;
}
