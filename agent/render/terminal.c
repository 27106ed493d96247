#include "terminal.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Length of the character that the valid UTF-8 begins with. */
static size_t character_length(const char *text, size_t length)
{
    size_t end = 1;
    while (end < length && is_continuation(text[end]))
        end++;
    return end;
}

static bool is_dangerous(const char *character, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)character;
    if (length == 1)
        return bytes[0] < 0x20 || bytes[0] == 0x7f;
    if (length == 2)
        return bytes[0] == 0xc2 && bytes[1] < 0xa0;
    if (length != 3 || bytes[0] != 0xe2)
        return false;
    return (bytes[1] == 0x80 && bytes[2] >= 0xaa && bytes[2] <= 0xae) ||
           (bytes[1] == 0x81 && bytes[2] >= 0xa6 && bytes[2] <= 0xa9);
}

void terminal_add(struct buf *buf, const char *text)
{
    cleanup(buf_done) struct buf repaired;
    buf_init(&repaired, buf->limit);
    utf8_repair(&repaired, text, strlen(text));
    buf_fail(buf, repaired.failure);

    size_t length;
    for (size_t at = 0; at < repaired.length; at += length) {
        const char *character = repaired.data + at;
        length = character_length(character, repaired.length - at);
        if (is_dangerous(character, length))
            buf_add_text(buf, "\xef\xbf\xbd");
        else
            buf_add(buf, character, length);
    }
}

size_t terminal_width(const char *text, size_t length)
{
    size_t width = 0;
    for (size_t i = 0; i < length; i++)
        if (!is_continuation(text[i]))
            width++;
    return width;
}
