#include "model/events.h"

#include <errno.h>

struct events {
    uint64_t instance;
    uint64_t last_id;
    struct event ring[EVENTS_MAX]; /* id N stands at N % EVENTS_MAX */
};

int events_new(uint64_t instance, struct events **ret_events)
{
    struct events *events = calloc(1, sizeof(*events));
    if (events == NULL)
        return -ENOMEM;
    events->instance = instance;
    *ret_events = events;
    return 0;
}

void events_free(struct events *events)
{
    free(events);
}

void events_add(struct events *events, const struct event *event)
{
    events->last_id++;
    struct event *place = &events->ring[events->last_id % EVENTS_MAX];
    *place = *event;
    place->id = events->last_id;
}

void events_page_done(struct events_page *page)
{
    free(page->items);
    *page = (struct events_page){0};
}

int events_since(const struct events *events, uint64_t since, struct events_page *ret_page)
{
    uint64_t overwritten = events->last_id > EVENTS_MAX ? events->last_id - EVENTS_MAX : 0;
    uint64_t from = since > events->last_id || since < overwritten ? overwritten : since;
    struct events_page page = {.instance = events->instance, .count = events->last_id - from};
    page.items = calloc(page.count + 1, sizeof(*page.items));
    if (page.items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < page.count; i++)
        page.items[i] = events->ring[(from + 1 + i) % EVENTS_MAX];
    *ret_page = page;
    return 0;
}
