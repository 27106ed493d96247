#include "model/destinations.h"

#include <errno.h>

struct destinations {
    struct destination *items; /* owned; max_count of them */
    uint32_t *slots;           /* owned; open addressing: index into items, plus one; 0: free */
    size_t slot_count;         /* a power of two, at least twice max_count */
    size_t max_count;
    size_t count;
    uint64_t uncounted;
    bool ended; /* the counts are those of a whole round */
};

/* Rates follow a change within about so long. */
#define SMOOTHING_S 15.0
#define NS_PER_S 1e9

int destinations_new(size_t max_count, struct destinations **ret_destinations)
{
    struct destinations *destinations = calloc(1, sizeof(*destinations));
    if (destinations == NULL)
        return -ENOMEM;
    destinations->slot_count = 2;
    while (destinations->slot_count < 2 * max_count)
        destinations->slot_count *= 2;
    destinations->max_count = max_count;
    destinations->items = calloc(max_count, sizeof(*destinations->items));
    destinations->slots = calloc(destinations->slot_count, sizeof(*destinations->slots));
    if (destinations->items == NULL || destinations->slots == NULL) {
        destinations_free(destinations);
        return -ENOMEM;
    }
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

static uint64_t mix(uint64_t hash, const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ byte[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static size_t hash_of(const struct destination *key)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ key->port ^ (uint64_t)key->protocol << 16;
    hash = mix(hash, key->destination.bytes, sizeof(key->destination.bytes));
    hash = mix(hash, key->source.bytes, sizeof(key->source.bytes));
    return (size_t)(hash ^ hash >> 32);
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

void destinations_begin(struct destinations *destinations)
{
    size_t kept = 0;
    /* What was never written takes no memory. */
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

void destinations_add(struct destinations *destinations, const struct sock *sock, bool entered, bool reusable)
{
    struct destination key = key_of(sock);
    uint32_t *slot = slot_of(destinations, &key);
    if (*slot == 0) {
        if (destinations->count == destinations->max_count) {
            destinations->uncounted++;
            return;
        }
        destinations->items[destinations->count++] = key;
        *slot = (uint32_t)destinations->count;
    }
    struct destination *item = &destinations->items[*slot - 1];
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
    uint32_t slot = *slot_of(destinations, &key);
    if (slot != 0)
        destinations->items[slot - 1].chosen++;
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
