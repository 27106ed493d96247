/* A web config while it is read: its parts, each in a file of its own, and what they have in common. */
#pragma once

#include "config/document.h"
#include "config/web.h"

struct web_reader {
    const char *path;
    struct document document;
    struct web_sources *sources;
    struct web_config config;
    struct error *error;
};

/* Of one name in a map. read: returns 0, -ENOMEM, or another negative errno with the reason; NULL: not supported. */
struct web_key {
    const char *name;
    int (*read)(struct web_reader *reader, const struct node *value);
};

/* Each entry by its key; what has none is refused. what: the map's own name, for reasons. An empty value has none. */
must_use int web_read_map(struct web_reader *reader, const struct node *map, const char *what,
                          const struct web_key *keys, size_t key_count);
must_use int web_read_bool(struct web_reader *reader, const struct node *value, bool *ret_value);
must_use int web_read_text(struct web_reader *reader, const struct node *value, const char **ret_text);
/* The contents of the file that the value names, into the config, which owns them in any case. */
must_use int web_read_pem(struct web_reader *reader, const struct node *value, char **pem);
/* Notes the file as it is now. */
must_use int web_read_source(struct web_reader *reader, const char *path);

must_use int web_read_tls(struct web_reader *reader, const struct node *value);
must_use int web_read_users(struct web_reader *reader, const struct node *value);
