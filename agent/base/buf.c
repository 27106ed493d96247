#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CAPACITY_FIRST 256

void buf_init(struct buf *buf, size_t limit)
{
    /* No object is larger than PTRDIFF_MAX, so from here on doubling a capacity cannot overflow. */
    *buf = (struct buf){.limit = limit < PTRDIFF_MAX ? limit : PTRDIFF_MAX - 1};
}

void buf_init_in(struct buf *buf, char *storage, size_t size)
{
    /* A buffer that holds all that it ever may is never moved. */
    *buf = (struct buf){.data = storage, .capacity = size, .limit = size - 1};
}

void buf_done(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->limit);
}

/* Makes room for more bytes and the NUL behind them; false when the buffer has failed, now or before. */
static bool reserve(struct buf *buf, size_t more)
{
    if (buf->failure != 0)
        return false;
    if (more > buf->limit - buf->length) {
        buf->failure = -EFBIG;
        return false;
    }
    size_t needed = buf->length + more + 1;
    if (needed <= buf->capacity)
        return true;

    size_t capacity = buf->capacity == 0 ? CAPACITY_FIRST : 2 * buf->capacity;
    if (capacity > buf->limit + 1)
        capacity = buf->limit + 1;
    if (capacity < needed)
        capacity = needed;
    char *data = realloc(buf->data, capacity);
    if (data == NULL) {
        buf->failure = -ENOMEM;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t length)
{
    if (length == 0 || !reserve(buf, length))
        return;
    memcpy(buf->data + buf->length, bytes, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

void buf_add_char(struct buf *buf, char byte)
{
    buf_add(buf, &byte, 1);
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length == 0)
        return;
    /* The one way it fails with our formats is a text above INT_MAX. */
    if (!reserve(buf, length < 0 ? SIZE_MAX : (size_t)length))
        return;

    va_start(arguments, format);
    (void)vsnprintf(buf->data + buf->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buf->length += (size_t)length;
}

void buf_fail(struct buf *buf, int failure)
{
    if (buf->failure == 0)
        buf->failure = failure;
}

int buf_steal(struct buf *buf, char **ret_bytes, size_t *ret_length)
{
    if (buf->failure != 0)
        return buf->failure;
    char *bytes = buf->data != NULL ? buf->data : calloc(1, 1);
    if (bytes == NULL)
        return -ENOMEM;
    *ret_bytes = bytes;
    *ret_length = buf->length;
    buf_init(buf, buf->limit);
    return 0;
}
