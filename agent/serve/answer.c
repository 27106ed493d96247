#include "answer.h"

#include <stdarg.h>
#include <stdio.h>

#include "negotiation.h"
#include "render/json.h"

void answer_done(struct answer *answer)
{
    board_page_unref(answer->page);
    free(answer->text);
    *answer = (struct answer){0};
}

static const char *content_type(enum board_form form)
{
    switch (form) {
    case BOARD_METRICS:
        return "text/plain; version=0.0.4; charset=utf-8";
    case BOARD_OPENMETRICS:
        return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    case BOARD_REPORT:
    case BOARD_PORTS:
        return ANSWER_JSON;
    case BOARD_PAGE:
        return ANSWER_HTML;
    }
    return ANSWER_TEXT;
}

void answer_page(struct answer *answer, const struct board_page *page, const char *if_none_match)
{
    *answer = (struct answer){.status = negotiation_has_tag(if_none_match, page->tag) ? 304 : 200,
                              .content_type = content_type(page->form),
                              .policy = page->form == BOARD_PAGE ? ANSWER_PAGE_POLICY : NULL,
                              .page = page};
}

void answer_asset(struct answer *answer, const struct asset *asset, const char *if_none_match)
{
    *answer = (struct answer){.status = negotiation_has_tag(if_none_match, asset->tag) ? 304 : 200,
                              .content_type = asset->content_type,
                              .asset = *asset};
}

int answer_bytes(struct answer *answer, unsigned status, const char *content_type, struct buf *buf)
{
    char *text = NULL;
    size_t length = 0;
    int error = buf_steal(buf, &text, &length);
    if (error != 0)
        return error;
    *answer = (struct answer){.status = status, .content_type = content_type, .text = text, .length = length};
    return 0;
}

int answer_line(struct answer *answer, unsigned status, const char *line)
{
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, ANSWER_BYTES_MAX);
    buf_add_text(&buf, line);
    buf_add_char(&buf, '\n');
    return answer_bytes(answer, status, ANSWER_TEXT, &buf);
}

int answer_error(struct answer *answer, unsigned status, const char *code, const char *format, ...)
{
    char message[2 * ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);

    cleanup(buf_done) struct buf buf;
    buf_init(&buf, ANSWER_BYTES_MAX);
    int error = json_error(code, message, &buf);
    return error != 0 ? error : answer_bytes(answer, status, ANSWER_JSON, &buf);
}

int answer_not_tracked(struct answer *answer, const struct endpoint *endpoint, const char *netns)
{
    char name[ENDPOINT_TEXT_MAX];
    endpoint_format(endpoint, name);
    if (strcmp(netns, "self") != 0)
        return answer_error(answer, 404, "not_tracked",
                            "%s is not tracked in namespace %.64s: there, only what has a listener is", name, netns);
    const char *prefix = endpoint->protocol == PROTOCOL_UDP ? "udp:" : "";
    int without_protocol = (int)strcspn(name, "/");
    return answer_error(answer, 404, "not_tracked", "%s is not tracked: watch it with --watch %s%.*s", name, prefix,
                        without_protocol, name);
}

int answer_not_watched(struct answer *answer, const char *netns)
{
    return answer_error(answer, 404, "not_tracked",
                        "the namespace \"%.64s\" is not watched: /api/v1/report names those that are", netns);
}
