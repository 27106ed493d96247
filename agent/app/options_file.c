#include "options_file.h"

#include <errno.h>
#include <stdio.h>

#include "config/document.h"
#include "config/file.h"
#include "config/suggestion.h"

#define NAME_MAX_LENGTH 128

struct reader {
    const char *path;
    struct document document;
    struct options *options;
    struct options checked;       /* what is set already goes here */
    bool *set;                    /* by who comes before the file */
    struct mark found[FLAGS_MAX]; /* where the file sets each; line 0: nowhere yet */
    struct error *error;
};

static const struct flag *find(const char *name)
{
    for (const struct flag *flag = flags; flag->name != NULL; flag++)
        if (strcmp(flag->name, name) == 0)
            return flag;
    return NULL;
}

/* That names begin with this one and a dot. */
static bool is_level(const char *name)
{
    size_t length = strlen(name);
    for (const struct flag *flag = flags; flag->name != NULL; flag++)
        if (strncmp(flag->name, name, length) == 0 && flag->name[length] == '.')
            return true;
    return false;
}

static int refuse_unknown(struct reader *reader, const struct node *node, const char *name)
{
    struct suggestion suggestion = {.typed = name};
    for (const struct flag *flag = flags; flag->name != NULL; flag++)
        suggestion_offer(&suggestion, flag->name);
    char text[SUGGESTION_TEXT_MAX];
    suggestion_format(&suggestion, text);
    return document_refuse(&reader->document, node->key_at, reader->error, "there is no setting \"%.60s\"%s", name,
                           text);
}

static int set_one(struct reader *reader, const struct flag *flag, const struct node *node)
{
    if (node->kind != NODE_TEXT || document_is_empty(node))
        return document_refuse(&reader->document, node->at, reader->error, "%s: give one %s", flag->name,
                               flag->kind == FLAG_BOOL ? "of true and false" : flag->argument);
    if (flag->kind == FLAG_BOOL && node->quoted)
        return document_refuse(&reader->document, node->at, reader->error, "%s: give true or false without quotes",
                               flag->name);
    cleanup(cleanup_free) char *path = NULL;
    if (flag->kind == FLAG_FILE && node->text[0] != '\0') {
        path = file_beside(reader->path, node->text);
        if (path == NULL)
            return -ENOMEM;
    }
    struct error reason = {""};
    struct options *options = reader->set[flag - flags] ? &reader->checked : reader->options;
    int r = flag->set(options, path != NULL ? path : node->text, &reason);
    if (r == -EINVAL)
        return document_refuse(&reader->document, node->at, reader->error, "%s: %s", flag->name, reason.text);
    return r;
}

static int set_list(struct reader *reader, const struct flag *flag, const struct node *list)
{
    if (list->count == 0 && flag->initial != NULL)
        return document_refuse(&reader->document, list->at, reader->error, "%s: give at least one %s", flag->name,
                               flag->argument);
    int r = 0;
    for (size_t i = 0; r == 0 && i < list->count; i++)
        r = set_one(reader, flag, &list->items[i]);
    return r;
}

static int take_setting(struct reader *reader, const struct flag *flag, const struct node *node)
{
    struct mark *found = &reader->found[flag - flags];
    if (strcmp(flag->name, "config.file") == 0 || strcmp(flag->name, "check-config") == 0)
        return document_refuse(&reader->document, node->key_at, reader->error,
                               "%s says what to do with this file: give it as a flag", flag->name);
    if (found->line > 0)
        return document_refuse(&reader->document, node->key_at, reader->error,
                               "%s stands on line %u already: give it once", flag->name, found->line);
    *found = node->key_at;
    bool none = flag->kind == FLAG_LIST && document_is_empty(node);
    return flag->kind == FLAG_LIST && (none || node->kind == NODE_LIST) ? set_list(reader, flag, node)
                                                                        : set_one(reader, flag, node);
}

static int take_map(struct reader *reader, const char *level, const struct node *map)
{
    if (map->kind != NODE_MAP && !document_is_empty(map))
        return document_refuse(&reader->document, map->at, reader->error, "%s%sgive settings by their names, as in %s",
                               level, level[0] != '\0' ? ": " : "",
                               level[0] != '\0' ? "log: {level: info}" : "interval: 5s");
    int r = 0;
    for (size_t i = 0; r == 0 && i < map->count; i++) {
        const struct node *node = &map->items[i];
        char name[NAME_MAX_LENGTH];
        (void)snprintf(name, sizeof(name), "%s%s%s", level, level[0] != '\0' ? "." : "", node->key);
        const struct flag *flag = find(name);
        if (flag != NULL)
            r = take_setting(reader, flag, node);
        else if (is_level(name))
            r = take_map(reader, name, node);
        else
            r = refuse_unknown(reader, node, name);
    }
    return r;
}

int options_file_take_bytes(const char *bytes, size_t length, const char *path, struct options *options,
                            bool set[static FLAGS_MAX], struct error *error)
{
    struct reader reader = {.path = path, .options = options, .set = set, .error = error};
    int r = document_read(bytes, length, path, &reader.document, error);
    if (r == 0)
        r = take_map(&reader, "", &reader.document.root);
    for (size_t i = 0; r == 0 && i < FLAGS_MAX; i++)
        set[i] = set[i] || reader.found[i].line > 0;
    options_done(&reader.checked);
    document_done(&reader.document);
    return r;
}

int options_file_take(const char *path, struct options *options, bool set[static FLAGS_MAX], struct error *error)
{
    cleanup(cleanup_free) char *bytes = NULL;
    size_t length;
    int r = file_read(path, FILE_GUARDED, &bytes, &length, error);
    if (r == -ENOMEM)
        return r;
    if (r < 0) {
        error_prefix(error, "%s", path);
        return -EINVAL;
    }
    return options_file_take_bytes(bytes, length, path, options, set, error);
}
