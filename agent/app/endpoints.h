/* The endpoints that a command was given. */
#pragma once

#include "model/endpoint.h"

struct endpoints {
    struct endpoint *items; /* owned */
    size_t count;
};

/* Adds each port of the text's range. Returns 0, -EINVAL with a reason that shows the right form, or -ENOMEM. */
must_use int endpoints_add(struct endpoints *endpoints, const char *text, struct error *error);
must_use int endpoints_add_one(struct endpoints *endpoints, const struct endpoint *endpoint);
void endpoints_done(struct endpoints *endpoints);
