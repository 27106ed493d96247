/* Names that come from outside (a process may call itself anything) become valid UTF-8 before they are shown. */
#pragma once

#include <stddef.h>

#include "base/buf.h"

/*
 * Appends length bytes of text, each byte that is no part of a well-formed UTF-8 sequence (RFC 3629: no overlong
 * form, no surrogate, nothing above U+10FFFF) replaced by U+FFFD.
 */
void utf8_repair(struct buf *buf, const char *text, size_t length);
