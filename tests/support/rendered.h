/* What a renderer wrote. Include after <cmocka.h>. */
#pragma once

#include <string.h>

#include "base/buf.h"

/* The caller's from now on. */
static inline char *rendered_take(struct buf *buf)
{
    char *text;
    size_t length;
    assert_int_equal(buf_steal(buf, &text, &length), 0);
    assert_int_equal(strlen(text), length);
    return text;
}

/* Without its colours the coloured text is the plain one; it is cut down to that. */
static inline void rendered_assert_same(const char *plain, char *coloured)
{
    assert_null(strchr(plain, '\x1b'));
    assert_non_null(strchr(coloured, '\x1b'));
    char *end = coloured;
    for (const char *from = coloured; *from != '\0';) {
        if (*from == '\x1b')
            from += strcspn(from, "m") + 1;
        else
            *end++ = *from++;
    }
    *end = '\0';
    assert_string_equal(coloured, plain);
}
