/* The answer to one request, before the HTTP library has it. Each function returns 0, or why there is no answer. */
#pragma once

#include "base/buf.h"
#include "serve/board.h"

#define ANSWER_METRICS "text/plain; version=0.0.4; charset=utf-8"
#define ANSWER_JSON "application/json; charset=utf-8"
#define ANSWER_TEXT "text/plain; charset=utf-8"

/* A body made for one client: a row with all its holders is some ten KiB, everything else a line. */
#define ANSWER_BYTES_MAX ((size_t)4 << 20)

/* Zero-initialised: none yet. */
struct answer {
    unsigned status;
    const char *content_type;      /* a constant */
    const struct board_page *page; /* owned reference; NULL: the body is text */
    char *text;                    /* owned */
    size_t length;                 /* of the text */
};

void answer_done(struct answer *answer);

/* 200 with a page that all clients share, whose reference it takes over. */
void answer_page(struct answer *answer, const char *content_type, const struct board_page *page);
/* Takes the bytes of buf over. */
must_use int answer_bytes(struct answer *answer, unsigned status, const char *content_type, struct buf *buf);
/* Plain text: the line and a newline. */
must_use int answer_line(struct answer *answer, unsigned status, const char *line);
/* {"error":{"code":…,"message":…}} */
must_use int answer_error(struct answer *answer, unsigned status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
