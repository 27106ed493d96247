#include "base/clock.h"
#include "text_parts.h"
#include "text_why_parts.h"

#define INDENT 2

/* Belongs to the holders, when there are any. */
static void add_missing(const struct text_why *why, struct buf *buf)
{
    if (why->missing == NULL)
        return;
    if (why->verdict->holder_count == 0)
        buf_add_char(buf, '\n');
    text_parts_spaces(buf, INDENT);
    text_parts_wrap(buf, why->missing, INDENT, INDENT);
    buf_add_char(buf, '\n');
}

static void add_remembered(const struct text_why *why, struct buf *buf)
{
    if (!why->verdict->remembered)
        return;
    text_parts_spaces(buf, INDENT);
    buf_add_text(buf, "Owner as the agent remembers it, seen ");
    /* The clock may have been set meanwhile. */
    int64_t ago_ns = why->taken_at_ns > why->seen_ns ? why->taken_at_ns - why->seen_ns : 0;
    text_parts_seconds(buf, ago_ns / CLOCK_NS_PER_MS);
    buf_add_text(buf, " ago\n");
}

void text_why_explanation(const char *explanation, const struct text_style *style, struct buf *buf)
{
    static const char head[] = "Why:";
    if (explanation == NULL)
        return;
    buf_add_char(buf, '\n');
    text_parts_paint(buf, style, TEXT_PARTS_BOLD, head);
    buf_add_char(buf, ' ');
    text_parts_wrap(buf, explanation, sizeof(head), 0);
    buf_add_char(buf, '\n');
}

void text_why(const struct text_why *why, const struct text_style *style, struct buf *buf)
{
    text_why_headline(why, style, buf);
    text_why_binds(why->verdict, buf);
    text_why_holders(why->verdict, style, buf);
    add_remembered(why, buf);
    add_missing(why, buf);
    text_why_explanation(why->verdict->explanation, style, buf);
    text_why_remedies(why->verdict->remedies, why->verdict->remedy_count, style, buf);
}
