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

/* Lines may be many; they are never broken. Begins in the column INDENT, returns the width of the last line. */
static size_t add_command(const char *command, struct buf *buf)
{
    for (;;) {
        cleanup(cleanup_free) char *line = strndup(command, strcspn(command, "\n"));
        if (line == NULL) {
            buf->failure = -ENOMEM;
            return 0;
        }
        size_t before = buf->length;
        terminal_add(buf, line);
        command += strlen(line);
        if (buf->failure != 0 || *command == '\0')
            return buf->length > before ? terminal_width(buf->data + before, buf->length - before) : 0;
        command++;
        buf_add_char(buf, '\n');
        text_parts_spaces(buf, INDENT);
    }
}

static void add_remark(const struct remedy *remedy, size_t command_width, struct buf *buf)
{
    size_t width = terminal_width(remedy->text, strlen(remedy->text));
    bool beside = strchr(remedy->command, '\n') == NULL &&
                  INDENT + command_width + REMARK_GAP + width <= TEXT_PARTS_COLUMNS;
    if (width == 0)
        return;
    if (!beside)
        buf_add_char(buf, '\n');
    text_parts_spaces(buf, beside ? REMARK_GAP : REMARK_INDENT);
    text_parts_wrap(buf, remedy->text, beside ? INDENT + command_width + REMARK_GAP : REMARK_INDENT, REMARK_INDENT);
}

static void add_remedy(const struct remedy *remedy, struct buf *buf)
{
    if (remedy->command != NULL && remedy->kind != REMEDY_CODE) {
        size_t width = add_command(remedy->command, buf);
        add_remark(remedy, width, buf);
        return;
    }
    text_parts_wrap(buf, remedy->text, INDENT, INDENT);
    if (remedy->command == NULL)
        return;
    buf_add_char(buf, '\n');
    text_parts_spaces(buf, INDENT);
    (void)add_command(remedy->command, buf);
}

void text_why_remedies(const struct verdict *verdict, const struct text_style *style, struct buf *buf)
{
    if (verdict->remedy_count == 0)
        return;
    buf_add_char(buf, '\n');
    text_parts_paint(buf, style, TEXT_PARTS_BOLD, "What to do");
    buf_add_char(buf, '\n');
    const char *above = "";
    for (size_t i = 0; i < verdict->remedy_count; i++) {
        const char *label = label_of(verdict->remedies[i].kind);
        text_parts_spaces(buf, LABEL_INDENT);
        buf_printf(buf, "%-*s", INDENT - LABEL_INDENT, strcmp(label, above) != 0 ? label : "");
        add_remedy(&verdict->remedies[i], buf);
        buf_add_char(buf, '\n');
        above = label;
    }
}
