/* Text that comes from outside, made safe to print on a terminal. */
#pragma once

#include "base/buf.h"

/*
 * Appends text, any bytes, as valid UTF-8 in which nothing can drive the terminal or turn the reading direction:
 * control characters (C0, DEL, C1) and bidirectional overrides and isolates (U+202A–202E, U+2066–2069) become U+FFFD.
 */
void terminal_add(struct buf *buf, const char *text);

/* Columns that valid UTF-8 takes, counted as code points. */
size_t terminal_width(const char *text, size_t length);
