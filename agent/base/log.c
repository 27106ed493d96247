#include "base/log.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"

#define LINE_SIZE (64 * 1024)
#define VALUE_MAX 4096
/* Each byte may become the three of U+FFFD; then come three dots and a NUL. */
#define REPAIRED_SIZE (3 * VALUE_MAX + 4)

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_DEBUG:
        return "debug";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_WARN:
        return "warn";
    case LOG_LEVEL_ERROR:
        return "error";
    }
    return "unknown";
}

static bool is_control(unsigned char byte)
{
    return byte < 0x20 || byte == 0x7f;
}

/* U+0080 to U+009F: terminals obey them as they obey ESC. */
static bool is_c1(const unsigned char *sequence)
{
    return sequence[0] == 0xc2 && sequence[1] < 0xa0;
}

/* Text is valid UTF-8. */
static void add_quoted(struct buf *line, const char *text)
{
    buf_add_char(line, '"');
    for (const unsigned char *byte = (const unsigned char *)text; *byte != '\0'; byte++) {
        if (*byte == '"' || *byte == '\\')
            buf_printf(line, "\\%c", *byte);
        else if (*byte == '\n')
            buf_add_text(line, "\\n");
        else if (*byte == '\r')
            buf_add_text(line, "\\r");
        else if (*byte == '\t')
            buf_add_text(line, "\\t");
        else if (is_control(*byte))
            buf_printf(line, "\\u%04x", *byte);
        else if (is_c1(byte))
            buf_printf(line, "\\u%04x", *++byte);
        else
            buf_add(line, byte, 1);
    }
    buf_add_char(line, '"');
}

static bool needs_quotes(const char *text)
{
    if (*text == '\0')
        return true;
    for (const unsigned char *byte = (const unsigned char *)text; *byte != '\0'; byte++)
        if (*byte == ' ' || *byte == '"' || *byte == '=' || is_control(*byte) || is_c1(byte))
            return true;
    return false;
}

static void add_pair(struct buf *line, enum log_format format, const char *key, const char *value)
{
    char storage[REPAIRED_SIZE];
    struct buf repaired;
    buf_init_in(&repaired, storage, sizeof(storage));
    size_t length = strnlen(value, VALUE_MAX);
    utf8_repair(&repaired, value, length);
    if (value[length] != '\0')
        buf_add_text(&repaired, "...");
    const char *text = repaired.length > 0 ? repaired.data : "";

    switch (format) {
    case LOG_FORMAT_JSON:
        buf_add_char(line, line->length == 0 ? '{' : ',');
        add_quoted(line, key);
        buf_add_char(line, ':');
        add_quoted(line, text);
        break;
    case LOG_FORMAT_LOGFMT:
        if (line->length > 0)
            buf_add_char(line, ' ');
        buf_printf(line, "%s=", key);
        if (needs_quotes(text))
            add_quoted(line, text);
        else
            buf_add_text(line, text);
        break;
    }
}

static void add_timestamp(struct buf *line, enum log_format format)
{
    int64_t now_ns = clock_now().realtime_ns;
    char seconds[CLOCK_TEXT_MAX];
    clock_rfc3339(now_ns, seconds);
    seconds[strlen(seconds) - 1] = '\0'; /* its Z goes behind the milliseconds */
    char text[CLOCK_TEXT_MAX + 8];
    (void)snprintf(text, sizeof(text), "%s.%03dZ", seconds, (int)(now_ns % CLOCK_NS_PER_S / CLOCK_NS_PER_MS));
    add_pair(line, format, "ts", text);
}

void log_write(const struct log *log, enum log_level level, const char *message, const struct log_field *fields,
               size_t field_count)
{
    if (level < log->level)
        return;
    enum log_format format = log->format; /* once: it may change meanwhile */
    /* On the stack: what a line has to tell may be that there is no memory. */
    char storage[LINE_SIZE];
    struct buf line;
    buf_init_in(&line, storage, sizeof(storage));
    add_timestamp(&line, format);
    add_pair(&line, format, "level", level_name(level));
    add_pair(&line, format, "msg", message);
    for (size_t i = 0; i < field_count; i++)
        add_pair(&line, format, fields[i].key, fields[i].value);
    if (format == LOG_FORMAT_JSON)
        buf_add_char(&line, '}');
    buf_add_char(&line, '\n');
    if (line.failure != 0)
        return;
    ssize_t written = write(log->fd, line.data, line.length);
    (void)written; /* nobody is left to tell */
}
