/* Text in HTML. */
#pragma once

#include "base/buf.h"

/* Appends text, any bytes: made safe as for a terminal, and escaped for an element's content and a quoted attribute. */
void html_add(struct buf *buf, const char *text);
