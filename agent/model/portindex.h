/*
 * Numbers by port. Most namespaces use few ports, close together: only the sections that have one take memory. Not
 * smaller again before its end.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

#define PORTINDEX_SECTION 512
#define PORTINDEX_SECTIONS (65536 / PORTINDEX_SECTION)

/* Zero-initialised is empty: 0 for every port. */
struct portindex {
    uint32_t *sections[PORTINDEX_SECTIONS]; /* owned; NULL: all 0 */
};

void portindex_done(struct portindex *index);

uint32_t portindex_of(const struct portindex *index, uint16_t port);
/* Makes room for the port's number. Returns 0 or -ENOMEM. */
must_use int portindex_reserve(struct portindex *index, uint16_t port);
/* Of a port that there is room for. */
void portindex_set(struct portindex *index, uint16_t port, uint32_t number);
