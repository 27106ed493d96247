#include "config/document.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <yaml.h>

struct reader {
    yaml_parser_t parser;
    const char *bytes;
    struct document *document;
    size_t node_count;
    struct error *error;
};

static struct mark mark_of(yaml_mark_t mark)
{
    return (struct mark){.line = (unsigned)mark.line + 1, .column = (unsigned)mark.column + 1};
}

int document_refuse(const struct document *document, struct mark at, struct error *error, const char *format, ...)
{
    char reason[ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    return error_set(error, -EINVAL, "%s:%u:%u: %s", document->name, at.line, at.column, reason);
}

/* Where bytes are not UTF-8 libyaml knows an offset only. */
static struct mark mark_at_offset(const char *bytes, size_t offset)
{
    struct mark mark = {.line = 1, .column = 1};
    for (size_t i = 0; i < offset; i++) {
        bool continues = ((unsigned char)bytes[i] & 0xc0) == 0x80;
        mark.column += continues ? 0 : 1;
        if (bytes[i] == '\n')
            mark = (struct mark){.line = mark.line + 1, .column = 1};
    }
    return mark;
}

static int explain(const struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return -ENOMEM;
    if (parser->error == YAML_READER_ERROR)
        return document_refuse(reader->document, mark_at_offset(reader->bytes, parser->problem_offset), reader->error,
                               "%s: the file must be text in UTF-8", parser->problem);
    const char *context = parser->context != NULL ? parser->context : "";
    bool special = strstr(context, "an alias") != NULL || strstr(context, "an anchor") != NULL ||
                   strstr(context, "a tag") != NULL || strstr(context, "a flow node") != NULL ||
                   strstr(parser->problem, "cannot start any token") != NULL;
    return document_refuse(reader->document, mark_of(parser->problem_mark), reader->error, "not YAML: %s%s%s%s",
                           context, context[0] != '\0' ? ": " : "", parser->problem,
                           special ? "; if it is a text, put it in quotes" : "");
}

static int next(struct reader *reader, yaml_event_t *ret_event)
{
    return yaml_parser_parse(&reader->parser, ret_event) != 0 ? 0 : explain(reader);
}

/* A new last item of a list or map; the address holds until the next one is added. */
static int add(struct reader *reader, struct node *parent, struct mark at, struct node **ret_item)
{
    if (++reader->node_count > DOCUMENT_NODES_MAX)
        return document_refuse(reader->document, at, reader->error, "more than %d values: leave some out",
                               DOCUMENT_NODES_MAX);
    /* Room for a power of two: full when the count is one. */
    if ((parent->count & (parent->count - 1)) == 0) {
        size_t room = parent->count > 0 ? parent->count * 2 : 1;
        struct node *items = reallocarray(parent->items, room, sizeof(*items));
        if (items == NULL)
            return -ENOMEM;
        parent->items = items;
    }
    *ret_item = &parent->items[parent->count++];
    **ret_item = (struct node){0};
    return 0;
}

static int take_text(struct reader *reader, const yaml_event_t *event, char **ret_text)
{
    const char *bytes = (const char *)event->data.scalar.value;
    if (strlen(bytes) != event->data.scalar.length)
        return document_refuse(reader->document, mark_of(event->start_mark), reader->error,
                               "a text with a zero byte in it: leave that out");
    *ret_text = strdup(bytes);
    return *ret_text != NULL ? 0 : -ENOMEM;
}

/* The name of a map's new entry. */
static int take_key(struct reader *reader, const yaml_event_t *event, struct node *map, struct node **ret_entry)
{
    struct mark at = mark_of(event->start_mark);
    if (event->type != YAML_SCALAR_EVENT || event->data.scalar.length == 0)
        return document_refuse(reader->document, at, reader->error, "a name must stand here, as in name: value");
    if (map->count == DOCUMENT_MAP_MAX)
        return document_refuse(reader->document, at, reader->error, "more than %d entries: leave some out",
                               DOCUMENT_MAP_MAX);
    const char *key = (const char *)event->data.scalar.value;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->items[i].key, key) == 0)
            return document_refuse(reader->document, at, reader->error,
                                   "\"%.40s\" stands on line %u already: give it once", key, map->items[i].key_at.line);
    struct node *entry = NULL;
    int r = add(reader, map, at, &entry);
    if (r == 0)
        r = take_text(reader, event, &entry->key);
    if (r < 0)
        return r;
    entry->key_at = at;
    *ret_entry = entry;
    return 0;
}

static const char *extra_of(const yaml_event_t *event)
{
    if (event->type == YAML_ALIAS_EVENT)
        return "an alias (*name)";
    bool list = event->type == YAML_SEQUENCE_START_EVENT;
    bool map = event->type == YAML_MAPPING_START_EVENT;
    const yaml_char_t *anchor = list  ? event->data.sequence_start.anchor
                                : map ? event->data.mapping_start.anchor
                                      : event->data.scalar.anchor;
    const yaml_char_t *tag = list  ? event->data.sequence_start.tag
                             : map ? event->data.mapping_start.tag
                                   : event->data.scalar.tag;
    return anchor != NULL ? "an anchor (&name)" : tag != NULL ? "a tag (!name)" : NULL;
}

static int read_node(struct reader *reader, const yaml_event_t *event, int depth, struct node *node);

static int read_list(struct reader *reader, int depth, struct node *list)
{
    for (;;) {
        cleanup(yaml_event_delete) yaml_event_t event = {0};
        int r = next(reader, &event);
        if (r < 0 || event.type == YAML_SEQUENCE_END_EVENT)
            return r;
        struct node *item = NULL;
        r = add(reader, list, mark_of(event.start_mark), &item);
        if (r == 0)
            r = read_node(reader, &event, depth, item);
        if (r < 0)
            return r;
    }
}

static int read_map(struct reader *reader, int depth, struct node *map)
{
    for (;;) {
        cleanup(yaml_event_delete) yaml_event_t key = {0};
        cleanup(yaml_event_delete) yaml_event_t value = {0};
        int r = next(reader, &key);
        if (r < 0 || key.type == YAML_MAPPING_END_EVENT)
            return r;
        struct node *entry = NULL;
        r = take_key(reader, &key, map, &entry);
        if (r == 0)
            r = next(reader, &value);
        if (r == 0)
            r = read_node(reader, &value, depth, entry);
        if (r < 0)
            return r;
    }
}

/* Fills in a node that is part of the tree already, so that the tree's owner frees what a failure leaves. */
static int read_node(struct reader *reader, const yaml_event_t *event, int depth, struct node *node)
{
    node->at = mark_of(event->start_mark);
    const char *extra = extra_of(event);
    if (extra != NULL)
        return document_refuse(reader->document, node->at, reader->error,
                               "%s is not taken: write the value itself, a text in quotes", extra);
    if (event->type == YAML_SCALAR_EVENT) {
        node->kind = NODE_TEXT;
        node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        return take_text(reader, event, &node->text);
    }
    if (depth == DOCUMENT_DEPTH_MAX)
        return document_refuse(reader->document, node->at, reader->error, "nested more than %d deep",
                               DOCUMENT_DEPTH_MAX);
    node->kind = event->type == YAML_MAPPING_START_EVENT ? NODE_MAP : NODE_LIST;
    return node->kind == NODE_MAP ? read_map(reader, depth + 1, node) : read_list(reader, depth + 1, node);
}

static int read_empty(struct node *root)
{
    *root = (struct node){.kind = NODE_TEXT, .at = {1, 1}, .text = strdup("")};
    return root->text != NULL ? 0 : -ENOMEM;
}

static int read_all(struct reader *reader)
{
    yaml_event_type_t type = YAML_NO_EVENT;
    bool found = false;
    while (type != YAML_STREAM_END_EVENT) {
        cleanup(yaml_event_delete) yaml_event_t event = {0};
        int r = next(reader, &event);
        if (r < 0)
            return r;
        type = event.type;
        if (type == YAML_STREAM_START_EVENT || type == YAML_STREAM_END_EVENT || type == YAML_DOCUMENT_START_EVENT ||
            type == YAML_DOCUMENT_END_EVENT)
            continue;
        if (found)
            return document_refuse(reader->document, mark_of(event.start_mark), reader->error,
                                   "a second document: leave out what follows ---");
        found = true;
        r = read_node(reader, &event, 0, &reader->document->root);
        if (r < 0)
            return r;
    }
    return found ? 0 : read_empty(&reader->document->root);
}

static void node_done(struct node *node)
{
    for (size_t i = 0; i < node->count; i++)
        node_done(&node->items[i]);
    free(node->items);
    free(node->key);
    free(node->text);
}

void document_done(struct document *document)
{
    node_done(&document->root);
    *document = (struct document){0};
}

int document_read(const char *bytes, size_t length, const char *name, struct document *ret_document,
                  struct error *error)
{
    struct document document = {0};
    size_t name_length = strlen(name);
    size_t cut = name_length < DOCUMENT_NAME_MAX ? 0 : name_length - (DOCUMENT_NAME_MAX - 1);
    memcpy(document.name, name + cut, name_length - cut + 1);
    struct reader reader = {.bytes = bytes, .document = &document, .error = error};
    if (yaml_parser_initialize(&reader.parser) == 0)
        return -ENOMEM;
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, length);
    int r = read_all(&reader);
    yaml_parser_delete(&reader.parser);
    if (r < 0) {
        document_done(&document);
        return r;
    }
    *ret_document = document;
    return 0;
}

bool document_is_empty(const struct node *node)
{
    return node->kind == NODE_TEXT && !node->quoted &&
           (node->text[0] == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}
