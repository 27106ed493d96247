/* The gzip coding of HTTP (RFC 1952). */
#pragma once

#include "base/buf.h"

/*
 * Appends the compressed form of length bytes, whose failure sticks to buf, too; the same bytes have the same form.
 * Returns 0, -ENOMEM, or -EFBIG when it is more than buf may hold.
 */
must_use int compression_gzip(const char *bytes, size_t length, struct buf *buf);
