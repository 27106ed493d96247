#include "remembered.h"

#include "model/ownership.h"

#define CAPACITY_MIN 64

void remembered_done(struct remembered *remembered)
{
    free(remembered->items);
    *remembered = (struct remembered){0};
}

/* The place of the cookie, or the free one where it would go. Cookies come in runs: Fibonacci hashing spreads them. */
static struct memory *place(struct memory *items, size_t capacity, uint64_t cookie)
{
    size_t at = (size_t)((cookie * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (capacity - 1);
    while (items[at].cookie != 0 && items[at].cookie != cookie)
        at = (at + 1) & (capacity - 1);
    return &items[at];
}

struct memory *remembered_find(const struct remembered *remembered, uint64_t cookie)
{
    if (remembered->count == 0)
        return NULL;
    struct memory *memory = place(remembered->items, remembered->capacity, cookie);
    return memory->cookie == cookie ? memory : NULL;
}

static bool grow(struct remembered *remembered)
{
    size_t capacity = remembered->capacity > 0 ? remembered->capacity * 2 : CAPACITY_MIN;
    struct memory *items = calloc(capacity, sizeof(*items));
    if (items == NULL)
        return false;
    for (size_t i = 0; i < remembered->capacity; i++)
        if (remembered->items[i].cookie != 0)
            *place(items, capacity, remembered->items[i].cookie) = remembered->items[i];
    free(remembered->items);
    remembered->items = items;
    remembered->capacity = capacity;
    return true;
}

struct memory *remembered_add(struct remembered *remembered, uint64_t cookie)
{
    if (cookie == 0 || remembered->count == OWNERSHIP_CONNECTIONS_MAX)
        return NULL;
    /* At most half full. */
    if (remembered->count * 2 >= remembered->capacity && !grow(remembered))
        return NULL;
    struct memory *memory = place(remembered->items, remembered->capacity, cookie);
    memory->cookie = cookie;
    remembered->count++;
    return memory;
}

static size_t count_of(const struct remembered *remembered, uint32_t round)
{
    size_t count = 0;
    for (size_t i = 0; i < remembered->capacity; i++)
        if (remembered->items[i].cookie != 0 && remembered->items[i].round == round)
            count++;
    return count;
}

void remembered_keep(struct remembered *remembered, uint32_t round, void (*drop)(void *context, struct memory *memory),
                     void *context)
{
    size_t count = count_of(remembered, round);
    if (count == remembered->count)
        return;
    size_t capacity = CAPACITY_MIN;
    while (capacity < count * 2)
        capacity *= 2;
    struct memory *items = count > 0 ? calloc(capacity, sizeof(*items)) : NULL;
    if (count > 0 && items == NULL)
        return;
    for (size_t i = 0; i < remembered->capacity; i++) {
        struct memory *memory = &remembered->items[i];
        if (memory->cookie == 0)
            continue;
        if (memory->round == round)
            *place(items, capacity, memory->cookie) = *memory;
        else
            drop(context, memory);
    }
    free(remembered->items);
    *remembered = (struct remembered){.items = items, .count = count, .capacity = count > 0 ? capacity : 0};
}
