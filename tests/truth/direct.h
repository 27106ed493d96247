/* The truth: what bind() itself says. Not a line of the agent's code is in it. */
#pragma once

#include "model/verdict.h"

struct direct_cell {
    struct address address;
    int plain;     /* 0 or the errno */
    int reuseaddr; /* TCP */
};

struct direct {
    struct direct_cell cells[ENDPOINT_ADDRESSES_MAX]; /* the IPv4 one first */
    size_t count;
    enum verdict_kind kind; /* what the verdict must be */
};

/* Binds and closes; 0, or the errno of bind() or of what comes before it. :: is bound dual-stack. */
int direct_bind(enum protocol protocol, const struct address *address, uint16_t port, bool reuseaddr);

/* Every bind of the endpoint, now. */
struct direct direct_ask(const struct endpoint *endpoint);
