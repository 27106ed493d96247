#include "config/web.h"

#include <errno.h>

#include "base/clock.h"
#include "web_reader.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int read_http2(struct web_reader *reader, const struct node *value)
{
    bool wanted; /* a client that offers it gets HTTP/1.1, as from a server without it */
    return web_read_bool(reader, value, &wanted);
}

/* Taken as far as every answer has it anyhow. */
static int read_headers(struct web_reader *reader, const struct node *value)
{
    static const char *const sent[][2] = {{"X-Content-Type-Options", "nosniff"}, {"X-Frame-Options", "deny"}};
    if (value->kind != NODE_MAP && !document_is_empty(value))
        return document_refuse(&reader->document, value->at, reader->error,
                               "headers: give names with values, as in X-Frame-Options: deny");
    for (size_t i = 0; i < value->count; i++) {
        const struct node *header = &value->items[i];
        const char *text;
        int r = web_read_text(reader, header, &text);
        if (r < 0)
            return r;
        size_t k = 0;
        while (k < COUNT_OF(sent) && (strcmp(header->key, sent[k][0]) != 0 || strcmp(text, sent[k][1]) != 0))
            k++;
        if (k == COUNT_OF(sent))
            return document_refuse(&reader->document, header->key_at, reader->error,
                                   "headers: %.40s: %.40s is not supported by tidewait: leave it out", header->key,
                                   text);
    }
    return 0;
}

static int read_http(struct web_reader *reader, const struct node *value)
{
    static const struct web_key keys[] = {{"http2", read_http2}, {"headers", read_headers}};
    return web_read_map(reader, value, "http_server_config", keys, COUNT_OF(keys));
}

static int read_document(struct web_reader *reader)
{
    static const struct web_key keys[] = {
        {"tls_server_config", web_read_tls},
        {"http_server_config", read_http},
        {"basic_auth_users", web_read_users},
        {"rate_limit", NULL},
    };
    const struct node *root = &reader->document.root;
    /* A disk that is full leaves such files behind: they shall not open what was closed. */
    if (document_is_empty(root))
        return document_refuse(&reader->document, root->at, reader->error,
                               "the file says nothing: give {} for neither TLS nor passwords");
    return web_read_map(reader, root, "the file", keys, COUNT_OF(keys));
}

static int load(struct web_reader *reader)
{
    int r = web_read_source(reader, reader->path);
    if (r < 0)
        return r;
    cleanup(cleanup_free) char *bytes = NULL;
    size_t length;
    r = file_read(reader->path, FILE_GUARDED, &bytes, &length, reader->error);
    if (r < 0) {
        error_prefix(reader->error, "%s", reader->path);
        return r;
    }
    r = document_read(bytes, length, reader->path, &reader->document, reader->error);
    return r < 0 ? r : read_document(reader);
}

int web_config_load(const char *path, struct web_sources *sources, struct web_config *ret_config, struct error *error)
{
    error_set(error, 0, "out of memory");
    web_sources_done(sources);
    struct web_reader reader = {
        .path = path,
        .sources = sources,
        .config = {.min_version = WEB_TLS_1_2, .max_version = WEB_TLS_1_3},
        .error = error,
    };
    int r = load(&reader);
    document_done(&reader.document);
    if (r < 0)
        web_config_done(&reader.config);
    else
        *ret_config = reader.config;
    return r;
}

static void free_secret(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

void web_config_done(struct web_config *config)
{
    for (size_t i = 0; i < config->user_count; i++) {
        free(config->users[i].name);
        free_secret(config->users[i].hash);
    }
    free(config->users);
    free(config->certificate);
    free_secret(config->key);
    free(config->client_ca);
    *config = (struct web_config){0};
}

static bool is_settled(const struct file_stamp *stamp, int64_t now_ns)
{
    int64_t changed_ns = stamp->changed.tv_sec * CLOCK_NS_PER_S + stamp->changed.tv_nsec;
    return changed_ns > now_ns || now_ns - changed_ns >= CLOCK_NS_PER_S;
}

bool web_sources_have_changed(const struct web_sources *sources, int64_t now_ns)
{
    bool changed = false;
    bool settled = true;
    for (size_t i = 0; i < sources->count; i++) {
        struct file_stamp stamp = file_stamp(sources->items[i].path);
        changed = changed || !file_stamp_equal(&stamp, &sources->items[i].stamp);
        settled = settled && is_settled(&stamp, now_ns);
    }
    return changed && settled;
}

void web_sources_done(struct web_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        free(sources->items[i].path);
    *sources = (struct web_sources){0};
}
