/* The one table of what the agent can be told: flags, environment, configuration file and help are made from it. */
#pragma once

#include "options.h"

enum flag_kind {
    FLAG_VALUE,
    FLAG_FILE, /* a value, too: a path; written in a file it is relative to that file's directory */
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
    /* Of what takes a restart to change: whether both say the same. NULL: it changes while the agent runs. */
    bool (*same)(const struct options *left, const struct options *right);
};

/* Ends with a NULL name. */
extern const struct flag flags[];

#define FLAGS_MAX 64 /* more than there are */
