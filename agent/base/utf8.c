#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>

static bool is_continuation(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Length of the well-formed sequence that text begins with, 0 when there is none (table 3-7 of the Unicode standard).
 */
static size_t sequence_length(const unsigned char *text, size_t length)
{
    unsigned char lead = text[0];
    if (lead < 0x80)
        return 1;
    size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || length < wanted)
        return 0;
    for (size_t i = 1; i < wanted; i++)
        if (!is_continuation(text[i]))
            return 0;
    if ((lead == 0xe0 && text[1] < 0xa0) || (lead == 0xf0 && text[1] < 0x90))
        return 0; /* overlong */
    if ((lead == 0xed && text[1] > 0x9f) || (lead == 0xf4 && text[1] > 0x8f))
        return 0; /* a surrogate; above U+10FFFF */
    return wanted;
}

void utf8_repair(struct buf *buf, const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t start = 0;
    size_t end = 0;
    while (end < length) {
        size_t sequence = sequence_length(bytes + end, length - end);
        if (sequence > 0) {
            end += sequence;
            continue;
        }
        buf_add(buf, bytes + start, end - start);
        buf_add_text(buf, "\xef\xbf\xbd");
        start = ++end;
    }
    buf_add(buf, bytes + start, end - start);
}
