#include "endpoints.h"

#include <errno.h>

int endpoints_add_one(struct endpoints *endpoints, const struct endpoint *endpoint)
{
    struct endpoint *longer = reallocarray(endpoints->items, endpoints->count + 1, sizeof(*longer));
    if (longer == NULL)
        return -ENOMEM;
    endpoints->items = longer;
    longer[endpoints->count++] = *endpoint;
    return 0;
}

int endpoints_add(struct endpoints *endpoints, const char *text, struct error *error)
{
    struct endpoint_range range;
    int r = endpoint_parse(text, &range, error);
    for (uint32_t port = range.first.port; r == 0 && port <= range.last_port; port++) {
        struct endpoint endpoint = range.first;
        endpoint.port = (uint16_t)port;
        r = endpoints_add_one(endpoints, &endpoint);
        if (r < 0)
            return error_set(error, r, "out of memory");
    }
    return r;
}

void endpoints_done(struct endpoints *endpoints)
{
    free(endpoints->items);
    *endpoints = (struct endpoints){0};
}
