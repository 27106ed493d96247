/*
 * A YAML file as a small tree. Only what a settings file needs: one document of maps, lists and texts; no anchors,
 * aliases and tags, and no name twice in a map. A text stays as it was written: "no" is no boolean until whoever reads
 * it asks for one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define DOCUMENT_DEPTH_MAX 16
#define DOCUMENT_NODES_MAX 65536
#define DOCUMENT_MAP_MAX 1024 /* entries of one map */
#define DOCUMENT_NAME_MAX 128

enum node_kind { NODE_TEXT, NODE_LIST, NODE_MAP };

struct mark {
    unsigned line; /* both from 1; columns in characters */
    unsigned column;
};

struct node {
    enum node_kind kind;
    struct mark at;
    char *key; /* owned; in a map: its name, NULL elsewhere */
    struct mark key_at;
    char *text;         /* owned; of NODE_TEXT: UTF-8 without NUL; NULL for the others */
    bool quoted;        /* it is a text even if it looks like something else */
    struct node *items; /* owned; of lists and maps */
    size_t count;
};

struct document {
    char name[DOCUMENT_NAME_MAX]; /* of the file, its end when it is long: for reasons */
    struct node root;             /* an empty file: as an empty value */
};

/*
 * Returns 0, the document owned by the caller; -EINVAL with "name:line:column: " and what would be right; -ENOMEM.
 * What it can take is bounded by the limits above, whatever the bytes are.
 */
must_use int document_read(const char *bytes, size_t length, const char *name, struct document *ret_document,
                           struct error *error);
void document_done(struct document *document);

/* No value: nothing at all, ~ or null. */
bool document_is_empty(const struct node *node);

/* Sets the reason, with "name:line:column: " before it. Returns -EINVAL. */
int document_refuse(const struct document *document, struct mark at, struct error *error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
