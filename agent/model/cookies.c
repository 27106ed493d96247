#include "cookies.h"

#include <errno.h>

#define PAGE_BITS 4096
#define PAGE_SHIFT 12
#define DENSE_BYTES (PAGE_BITS / 8)
#define SPARSE_FIRST 4
/* From here on the bits take no more room than the list. */
#define SPARSE_MAX 128
#define SLOTS_FIRST 16

/* The cookies of one run of 4,096: a sorted list while they are few, bits from then on. */
struct page {
    uint64_t number; /* cookie / PAGE_BITS */
    uint32_t count;  /* 0: the slot is free */
    uint32_t room;   /* of the list; 0: bits */
    union {
        uint16_t *list;
        uint64_t *bits;
    } has; /* owned */
};

struct cookies {
    struct page *slots; /* open addressing; a power of two; NULL: none, as long as nothing is in */
    size_t slot_count;
    size_t page_count;
    size_t limit;
    size_t size;
};

int cookies_new(size_t limit_bytes, struct cookies **ret_cookies)
{
    cleanup(cookies_freep) struct cookies *cookies = calloc(1, sizeof(*cookies));
    if (cookies == NULL)
        return -ENOMEM;
    cookies->limit = limit_bytes;
    *ret_cookies = steal_ptr(&cookies);
    return 0;
}

static void page_done(struct page *page)
{
    if (page->room > 0)
        free(page->has.list);
    else if (page->count > 0)
        free(page->has.bits);
}

void cookies_free(struct cookies *cookies)
{
    if (cookies == NULL)
        return;
    for (size_t i = 0; i < cookies->slot_count; i++)
        page_done(&cookies->slots[i]);
    free(cookies->slots);
    free(cookies);
}

void cookies_clear(struct cookies *cookies)
{
    if (cookies->page_count == 0) {
        free(cookies->slots);
        *cookies = (struct cookies){.limit = cookies->limit};
        return;
    }
    for (size_t i = 0; i < cookies->slot_count; i++)
        page_done(&cookies->slots[i]);
    size_t fitting = cookies->slot_count;
    while (fitting > SLOTS_FIRST && fitting / 8 >= cookies->page_count)
        fitting /= 2;
    struct page *smaller =
        fitting < cookies->slot_count ? reallocarray(cookies->slots, fitting, sizeof(*smaller)) : NULL;
    if (smaller != NULL) {
        cookies->slots = smaller;
        cookies->slot_count = fitting;
    }
    memset(cookies->slots, 0, cookies->slot_count * sizeof(*cookies->slots));
    cookies->page_count = 0;
    cookies->size = cookies->slot_count * sizeof(*cookies->slots);
}

/* The slot of the page, or the free one where it belongs. */
static struct page *slot_of(struct page *slots, size_t slot_count, uint64_t number)
{
    size_t at = (size_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (slot_count - 1);
    while (slots[at].count > 0 && slots[at].number != number)
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

/* Where the offset stands in the list, or would stand. */
static uint32_t place_of(const struct page *page, uint16_t offset)
{
    uint32_t low = 0;
    uint32_t high = page->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (page->has.list[middle] < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool page_has(const struct page *page, uint16_t offset)
{
    if (page->count == 0)
        return false;
    if (page->room == 0)
        return (page->has.bits[offset / 64] >> (offset % 64) & 1) != 0;
    uint32_t place = place_of(page, offset);
    return place < page->count && page->has.list[place] == offset;
}

bool cookies_has(const struct cookies *cookies, uint64_t cookie)
{
    if (cookies->slots == NULL)
        return false;
    const struct page *page = slot_of(cookies->slots, cookies->slot_count, cookie >> PAGE_SHIFT);
    return page_has(page, cookie % PAGE_BITS);
}

static bool fits(const struct cookies *cookies, size_t more)
{
    return cookies->size + more <= cookies->limit;
}

/* Twice the slots once half of them are taken. */
static int make_slots(struct cookies *cookies)
{
    if (cookies->page_count * 2 < cookies->slot_count)
        return 0;
    size_t slot_count = cookies->slot_count > 0 ? cookies->slot_count * 2 : SLOTS_FIRST;
    size_t more = (slot_count - cookies->slot_count) * sizeof(*cookies->slots);
    if (!fits(cookies, more))
        return -ENOSPC;
    struct page *slots = calloc(slot_count, sizeof(*slots));
    if (slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < cookies->slot_count; i++)
        if (cookies->slots[i].count > 0)
            *slot_of(slots, slot_count, cookies->slots[i].number) = cookies->slots[i];
    free(cookies->slots);
    cookies->slots = slots;
    cookies->slot_count = slot_count;
    cookies->size += more;
    return 0;
}

static int make_bits(struct cookies *cookies, struct page *page)
{
    size_t freed = page->room * sizeof(*page->has.list);
    if (!fits(cookies, DENSE_BYTES - freed))
        return -ENOSPC;
    uint64_t *bits = calloc(1, DENSE_BYTES);
    if (bits == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < page->count; i++)
        bits[page->has.list[i] / 64] |= UINT64_C(1) << (page->has.list[i] % 64);
    free(page->has.list);
    page->has.bits = bits;
    page->room = 0;
    cookies->size += DENSE_BYTES - freed;
    return 0;
}

static int make_room(struct cookies *cookies, struct page *page)
{
    if (page->count < page->room || (page->count > 0 && page->room == 0))
        return 0;
    if (page->room == SPARSE_MAX)
        return make_bits(cookies, page);
    uint32_t room = page->room > 0 ? page->room * 2 : SPARSE_FIRST;
    size_t more = (room - page->room) * sizeof(*page->has.list);
    if (!fits(cookies, more))
        return -ENOSPC;
    uint16_t *list = reallocarray(page->has.list, room, sizeof(*list));
    if (list == NULL)
        return -ENOMEM;
    page->has.list = list;
    page->room = room;
    cookies->size += more;
    return 0;
}

static void page_add(struct page *page, uint16_t offset)
{
    if (page->room == 0) {
        page->has.bits[offset / 64] |= UINT64_C(1) << (offset % 64);
    } else {
        uint32_t place = place_of(page, offset);
        memmove(&page->has.list[place + 1], &page->has.list[place], (page->count - place) * sizeof(*page->has.list));
        page->has.list[place] = offset;
    }
    page->count++;
}

int cookies_add(struct cookies *cookies, uint64_t cookie)
{
    uint64_t number = cookie >> PAGE_SHIFT;
    uint16_t offset = cookie % PAGE_BITS;
    struct page *page = cookies->slots != NULL ? slot_of(cookies->slots, cookies->slot_count, number) : NULL;
    if (page != NULL && page_has(page, offset))
        return 0;
    if (page == NULL || page->count == 0) {
        int r = make_slots(cookies);
        if (r < 0)
            return r;
        page = slot_of(cookies->slots, cookies->slot_count, number);
    }
    int r = make_room(cookies, page);
    if (r < 0)
        return r;
    if (page->count == 0) {
        page->number = number;
        cookies->page_count++;
    }
    page_add(page, offset);
    return 1;
}

size_t cookies_size(const struct cookies *cookies)
{
    return cookies->size;
}
