#include "portindex.h"

#include <errno.h>

void portindex_done(struct portindex *index)
{
    for (size_t i = 0; i < PORTINDEX_SECTIONS; i++)
        free(index->sections[i]);
    *index = (struct portindex){0};
}

uint32_t portindex_of(const struct portindex *index, uint16_t port)
{
    const uint32_t *section = index->sections[port / PORTINDEX_SECTION];
    return section != NULL ? section[port % PORTINDEX_SECTION] : 0;
}

int portindex_reserve(struct portindex *index, uint16_t port)
{
    uint32_t **section = &index->sections[port / PORTINDEX_SECTION];
    if (*section == NULL)
        *section = calloc(PORTINDEX_SECTION, sizeof(**section));
    return *section == NULL ? -ENOMEM : 0;
}

void portindex_set(struct portindex *index, uint16_t port, uint32_t number)
{
    index->sections[port / PORTINDEX_SECTION][port % PORTINDEX_SECTION] = number;
}
