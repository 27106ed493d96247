#include "html.h"

#include "terminal.h"

/* Each byte that is repaired becomes the three bytes of U+FFFD. */
#define REPAIRED_FACTOR 3

static const char *escape_of(char byte)
{
    switch (byte) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_add(struct buf *buf, const char *text)
{
    cleanup(buf_done) struct buf safe;
    buf_init(&safe, REPAIRED_FACTOR * strlen(text) + 1);
    terminal_add(&safe, text);
    if (safe.failure != 0)
        buf->failure = safe.failure;
    for (size_t i = 0; i < safe.length; i++) {
        const char *escape = escape_of(safe.data[i]);
        if (escape != NULL)
            buf_add_text(buf, escape);
        else
            buf_add_char(buf, safe.data[i]);
    }
}
