/* The text of /proc/net/sockstat and sockstat6: "sockets: used 12\nTCP: inuse 3 orphan 0 tw 1 alloc 4 mem 0\n…". Pure.
 */
#pragma once

#include <stdint.h>

#include "base/cleanup.h"

/* The number after the key in the line that begins with "line:". Returns 0, or -EBADMSG when there is none. */
must_use int sockstat_text_value(const char *text, const char *line, const char *key, uint64_t *ret_value);
