#include "text_parts.h"

#include <inttypes.h>
#include <string.h>

#include "terminal.h"

const char *text_parts_colour(enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_FREE:
        return "\033[32m";
    case VERDICT_REUSABLE:
        return "\033[33m";
    case VERDICT_HELD:
        return "\033[31m";
    case VERDICT_UNKNOWN:
        return "\033[35m";
    }
    return "";
}

void text_parts_paint(struct buf *buf, const struct text_style *style, const char *escape, const char *text)
{
    buf_add_text(buf, style->colour ? escape : "");
    buf_add_text(buf, text);
    buf_add_text(buf, style->colour ? "\033[0m" : "");
}

void text_parts_spaces(struct buf *buf, size_t count)
{
    while (count-- > 0)
        buf_add_char(buf, ' ');
}

void text_parts_seconds(struct buf *buf, int64_t ms)
{
    int64_t tenths = (ms + 99) / 100;
    buf_printf(buf, "%" PRId64 ".%" PRId64 " s", tenths / 10, tenths % 10);
}

void text_parts_netns(struct buf *buf, const char *netns)
{
    if (netns == NULL)
        return;
    buf_add_text(buf, " in namespace ");
    terminal_add(buf, netns);
}

void text_parts_wrap(struct buf *buf, const char *text, size_t column, size_t indent)
{
    cleanup(buf_done) struct buf safe;
    buf_init(&safe, buf->limit);
    terminal_add(&safe, text);
    buf_fail(buf, safe.failure);

    const char *word = safe.length > 0 ? safe.data : "";
    for (bool first = true; *(word += strspn(word, " ")) != '\0'; first = false) {
        size_t length = strcspn(word, " ");
        size_t width = terminal_width(word, length);
        if (!first && column + 1 + width > TEXT_PARTS_COLUMNS) {
            buf_add_char(buf, '\n');
            text_parts_spaces(buf, indent);
            column = indent;
        } else if (!first) {
            buf_add_char(buf, ' ');
            column++;
        }
        buf_add(buf, word, length);
        column += width;
        word += length;
    }
}
