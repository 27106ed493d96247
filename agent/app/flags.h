/* The one table of what the agent can be told: flags, environment and help are made from it. */
#pragma once

#include "options.h"

enum flag_kind {
    FLAG_VALUE,
    FLAG_LIST, /* repeatable; comma-separated in the environment */
    FLAG_BOOL, /* --name, --no-name */
};

struct flag {
    const char *name;
    enum flag_kind kind;
    const char *argument; /* how help names the value */
    const char *initial;  /* the default as a user would write it; NULL: none */
    const char *meaning;
    /* Returns 0, -EINVAL with a reason that shows the right form, or -ENOMEM. */
    int (*set)(struct options *options, const char *value, struct error *error);
};

/* Ends with a NULL name. */
extern const struct flag flags[];
