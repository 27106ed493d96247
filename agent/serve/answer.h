/* The answer to one request, before the HTTP library has it. Each function returns 0, or why there is no answer. */
#pragma once

#include "assets.h"
#include "base/buf.h"
#include "serve/board.h"

#define ANSWER_JSON "application/json; charset=utf-8"
#define ANSWER_TEXT "text/plain; charset=utf-8"
#define ANSWER_HTML "text/html; charset=utf-8"

/* Content-Security-Policy of the status page: what it loads comes from here, and nobody frames it. */
#define ANSWER_PAGE_POLICY                                                                                             \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "   \
    "form-action 'none'; frame-ancestors 'none'"

/* A body made for one client: a row with all its holders is some ten KiB, everything else a line. */
#define ANSWER_BYTES_MAX ((size_t)4 << 20)

/* Zero-initialised: none yet. */
struct answer {
    unsigned status;
    const char *content_type;      /* a constant */
    const char *policy;            /* Content-Security-Policy, a constant; NULL: nothing may be loaded */
    const struct board_page *page; /* owned reference; NULL: the body is text */
    struct asset asset;            /* where its bytes are not NULL, they are the body */
    char *text;                    /* owned */
    size_t length;                 /* of the text */
};

void answer_done(struct answer *answer);

/* 200 with a page that all clients share, whose reference it takes over; 304 when the client has it already. */
void answer_page(struct answer *answer, const struct board_page *page, const char *if_none_match);
/* 200 with an embedded file; 304 when the client has it already. */
void answer_asset(struct answer *answer, const struct asset *asset, const char *if_none_match);
/* Takes the bytes of buf over. */
must_use int answer_bytes(struct answer *answer, unsigned status, const char *content_type, struct buf *buf);
/* Plain text: the line and a newline. */
must_use int answer_line(struct answer *answer, unsigned status, const char *line);
/* {"error":{"code":…,"message":…}} */
must_use int answer_error(struct answer *answer, unsigned status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* 404 with the remedy: a port that is not tracked in the namespace of this name. */
must_use int answer_not_tracked(struct answer *answer, const struct endpoint *endpoint, const char *netns);
/* 404 with the remedy: a namespace that is none of the report's. */
must_use int answer_not_watched(struct answer *answer, const char *netns);
