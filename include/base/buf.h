/*
 * A growing run of bytes with a named limit. A failure sticks: after one, appending does nothing, and the
 * writer asks once at the end.
 */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

struct buf {
    char *data; /* owned; NUL-terminated whenever length > 0; NULL while empty */
    size_t length;
    size_t capacity;
    size_t limit;
    int failure; /* 0, -ENOMEM, -EFBIG when the limit was reached, or what buf_fail() was told */
};

/* An empty buffer that never holds more than limit bytes. */
void buf_init(struct buf *buf, size_t limit);
/* The same in the caller's storage, less a byte: it needs no memory, and no buf_done(). Must not be stolen from. */
void buf_init_in(struct buf *buf, char *storage, size_t size);
/* Frees what it holds; takes a buffer that was stolen from, too. */
void buf_done(struct buf *buf);

void buf_add(struct buf *buf, const void *bytes, size_t length);
void buf_add_char(struct buf *buf, char byte);
void buf_add_text(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Makes it fail with what went wrong elsewhere, a negative errno; 0, or when it has failed already: changes nothing. */
void buf_fail(struct buf *buf, int failure);

/* The bytes, NUL-terminated, owned by the caller (never NULL when 0 is returned); the buffer is empty again.
 * Returns 0, or the failure. */
must_use int buf_steal(struct buf *buf, char **ret_bytes, size_t *ret_length);
