/*
 * Any bytes as the target of a request, and on the lines after it as Accept, Accept-Encoding and If-None-Match: the
 * answer is a whole one, of a status that its path can have, and in no form that was not asked for.
 */
#undef NDEBUG
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/utf8.h"
#include "exchange.h"
#include "fuzz.h"
#include "report_sample.h"

#define BODY_MAX ((size_t)1 << 20)

/* Made once: what is asked never changes it. */
static const struct routes *routes_to_ask(void)
{
    static struct routes routes = {.telemetry_path = "/metrics"};
    if (routes.board == NULL) {
        assert(board_new(&routes.board) == 0);
        assert(board_publish(routes.board, report_sample_host()) == 0);
    }
    return &routes;
}

/* As libmicrohttpd takes a query apart. */
static void read_query(char *query, struct request *request)
{
    for (char *name; request->argument_count < REQUEST_ARGUMENTS_MAX && (name = strsep(&query, "&")) != NULL;) {
        char *value = name;
        (void)strsep(&value, "=");
        (void)exchange_decode(NULL, NULL, name);
        if (value != NULL)
            (void)exchange_decode(NULL, NULL, value);
        request->arguments[request->argument_count++] = (struct request_argument){name, value != NULL ? value : ""};
    }
}

static void check_json(const struct answer *answer, const struct request *request, enum route route)
{
    cleanup(buf_done) struct buf repaired;
    buf_init(&repaired, BODY_MAX);
    utf8_repair(&repaired, answer->text, answer->length);
    assert(repaired.length == answer->length && memcmp(repaired.data, answer->text, answer->length) == 0);
    cJSON *json = cJSON_ParseWithLength(answer->text, answer->length);
    assert(json != NULL);
    const cJSON *port = cJSON_GetObjectItem(cJSON_GetObjectItem(json, "endpoint"), "port");
    assert((port != NULL) == (answer->status == 200 && route == ROUTE_PORT));
    assert(port == NULL || strtol(request->path + strlen("/api/v1/ports/"), NULL, 10) == port->valueint);
    assert((cJSON_GetObjectItem(json, "error") != NULL) == (answer->status != 200));
    cJSON_Delete(json);
}

static void check_page(const struct board_page *page, unsigned status, const struct request *request)
{
    assert(status == 200 || status == 304);
    assert(status != 304 || strchr(request->if_none_match, '*') != NULL ||
           strstr(request->if_none_match, page->tag) != NULL);
    assert(page->coding == BOARD_IDENTITY || strcasestr(request->accept_encoding, "gzip") != NULL ||
           strchr(request->accept_encoding, '*') != NULL);
    assert(page->form != BOARD_OPENMETRICS || strcasestr(request->accept, "application/") != NULL ||
           strstr(request->accept, "*/*") != NULL);
}

static void check(const struct request *request)
{
    const struct routes *routes = routes_to_ask();
    enum route route = routes_find(routes, request->path);
    cleanup(answer_done) struct answer answer = {0};
    assert(routes_answer(routes, request, &answer) == 0);
    if (answer.page != NULL) {
        check_page(answer.page, answer.status, request);
        return;
    }
    assert(answer.text[answer.length - 1] == '\n');
    assert(answer.status == 200 || answer.status == 400 || answer.status == 404 || route == ROUTE_READYZ);
    assert(route != ROUTE_OTHER || answer.status == 404);
    if (strcmp(answer.content_type, ANSWER_JSON) == 0)
        check_json(&answer, request, route);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup(cleanup_free) char *text = strndup((const char *)data, size);
    assert(text != NULL);
    char *lines[4] = {0};
    char *rest = text;
    for (size_t i = 0; i < 4; i++)
        lines[i] = rest != NULL ? strsep(&rest, "\n") : text + strlen(text);
    char *query = lines[0];
    char *path = strsep(&query, "?");
    (void)exchange_decode(NULL, NULL, path);
    struct request request = {
        .method = "GET", .path = path, .accept = lines[1], .accept_encoding = lines[2], .if_none_match = lines[3]};
    read_query(query, &request);
    check(&request);
    return 0;
}
