#include "web_reader.h"

#include <errno.h>

#include "base/parse.h"
#include "config/suggestion.h"

static const struct web_key *find(const struct web_key *keys, size_t key_count, const char *name)
{
    for (size_t i = 0; i < key_count; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static int refuse_unknown(struct web_reader *reader, const struct node *entry, const char *what,
                          const struct web_key *keys, size_t key_count)
{
    struct suggestion suggestion = {.typed = entry->key};
    for (size_t i = 0; i < key_count; i++)
        suggestion_offer(&suggestion, keys[i].name);
    char text[SUGGESTION_TEXT_MAX];
    suggestion_format(&suggestion, text);
    return document_refuse(&reader->document, entry->key_at, reader->error, "%s has no \"%.40s\"%s", what, entry->key,
                           text);
}

int web_read_map(struct web_reader *reader, const struct node *map, const char *what, const struct web_key *keys,
                 size_t key_count)
{
    if (map->kind != NODE_MAP && !document_is_empty(map))
        return document_refuse(&reader->document, map->at, reader->error, "%s: give names with values, as in %s: …",
                               what, keys[0].name);
    for (size_t i = 0; i < map->count; i++) {
        const struct node *entry = &map->items[i];
        const struct web_key *key = find(keys, key_count, entry->key);
        if (key == NULL)
            return refuse_unknown(reader, entry, what, keys, key_count);
        if (key->read == NULL)
            return document_refuse(&reader->document, entry->key_at, reader->error,
                                   "%s is not supported by tidewait: leave it out", key->name);
        int r = key->read(reader, entry);
        if (r < 0)
            return r;
    }
    return 0;
}

int web_read_bool(struct web_reader *reader, const struct node *value, bool *ret_value)
{
    if (value->kind != NODE_TEXT || value->quoted || parse_bool(value->text, ret_value) < 0)
        return document_refuse(&reader->document, value->at, reader->error, "%s: give true or false", value->key);
    return 0;
}

int web_read_text(struct web_reader *reader, const struct node *value, const char **ret_text)
{
    if (value->kind != NODE_TEXT || document_is_empty(value) || value->text[0] == '\0')
        return document_refuse(&reader->document, value->at, reader->error, "%s: give a text", value->key);
    *ret_text = value->text;
    return 0;
}

int web_read_source(struct web_reader *reader, const char *path)
{
    struct web_sources *sources = reader->sources;
    char *copy = strdup(path);
    if (copy == NULL)
        return -ENOMEM;
    sources->items[sources->count].path = copy;
    sources->items[sources->count].stamp = file_stamp(path);
    sources->count++;
    return 0;
}

int web_read_pem(struct web_reader *reader, const struct node *value, char **pem)
{
    const char *name = NULL;
    int r = web_read_text(reader, value, &name);
    if (r < 0)
        return r;
    cleanup(cleanup_free) char *path = file_beside(reader->path, name);
    if (path == NULL)
        return -ENOMEM;
    r = web_read_source(reader, path);
    if (r < 0)
        return r;
    char *bytes = NULL;
    size_t length;
    struct error reason = {""};
    r = file_read(path, FILE_ANYBODY, &bytes, &length, &reason);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        (void)document_refuse(&reader->document, value->at, reader->error, "%s: %.120s %s", value->key, path,
                              reason.text);
        return r;
    }
    *pem = bytes;
    if (strlen(bytes) != length || strstr(bytes, "-----BEGIN ") == NULL)
        return document_refuse(&reader->document, value->at, reader->error,
                               "%s: %.120s is not PEM: it must hold -----BEGIN …-----", value->key, path);
    return 0;
}
