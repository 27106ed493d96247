#include <string.h>

#include "terminal.h"
#include "text_parts.h"
#include "text_why_parts.h"

#define LABEL_INDENT 2
#define INDENT 13
/* What is said of a command is set off from what is pasted: beside it, or below and further in. */
#define REMARK_GAP 5
#define REMARK_INDENT (INDENT + 2)

static const char *label_of(enum remedy_kind kind)
{
    switch (kind) {
    case REMEDY_WAIT:
        return "wait";
    case REMEDY_RELEASE:
    case REMEDY_STOP:
    case REMEDY_SETTING:
        return "now";
    case REMEDY_CODE:
    case REMEDY_RESERVE:
    case REMEDY_PRIVILEGE:
        return "for good";
    case REMEDY_ADDRESS:
        return "instead";
    case REMEDY_LOOK:
        return "look";
    }
    return "";
}

/* Lines may be many; they are never broken. */
static void add_command(const char *command, struct buf *buf)
{
    for (;;) {
        size_t length = strcspn(command, "\n");
        cleanup(buf_done) struct buf line;
        buf_init(&line, buf->limit);
        buf_add(&line, command, length);
        buf_fail(buf, line.failure);
        terminal_add(buf, line.length > 0 ? line.data : "");
        command += length;
        if (*command == '\0')
            return;
        command++;
        buf_add_char(buf, '\n');
        text_parts_spaces(buf, INDENT);
    }
}

static void add_remark(const struct remedy *remedy, struct buf *buf)
{
    if (remedy->text[0] == '\0')
        return;
    size_t column = INDENT + terminal_width(remedy->command, strlen(remedy->command)) + REMARK_GAP;
    size_t width = terminal_width(remedy->text, strlen(remedy->text));
    bool beside = strchr(remedy->command, '\n') == NULL && column + width <= TEXT_PARTS_COLUMNS;
    if (!beside)
        buf_add_char(buf, '\n');
    text_parts_spaces(buf, beside ? REMARK_GAP : REMARK_INDENT);
    text_parts_wrap(buf, remedy->text, beside ? column : REMARK_INDENT, REMARK_INDENT);
}

/* Code is read after the sentence that says where it belongs; other commands come before what is said of them. */
static void add_remedy(const struct remedy *remedy, struct buf *buf)
{
    if (remedy->command != NULL && remedy->kind != REMEDY_CODE) {
        add_command(remedy->command, buf);
        add_remark(remedy, buf);
        return;
    }
    text_parts_wrap(buf, remedy->text, INDENT, INDENT);
    if (remedy->command == NULL)
        return;
    buf_add_char(buf, '\n');
    text_parts_spaces(buf, INDENT);
    add_command(remedy->command, buf);
}

void text_why_remedies(const struct remedy *remedies, size_t count, const struct text_style *style, struct buf *buf)
{
    if (count == 0)
        return;
    buf_add_char(buf, '\n');
    text_parts_paint(buf, style, TEXT_PARTS_BOLD, "What to do");
    buf_add_char(buf, '\n');
    const char *above = "";
    for (size_t i = 0; i < count; i++) {
        const char *label = label_of(remedies[i].kind);
        text_parts_spaces(buf, LABEL_INDENT);
        buf_printf(buf, "%-*s", INDENT - LABEL_INDENT, strcmp(label, above) != 0 ? label : "");
        add_remedy(&remedies[i], buf);
        buf_add_char(buf, '\n');
        above = label;
    }
}
