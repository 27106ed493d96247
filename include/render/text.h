/* Tables for a terminal. */
#pragma once

#include "base/buf.h"
#include "model/report.h"

/* How the terminal wants it. */
struct text_style {
    bool colour;
};

/* The table of `tidewait ports`; control characters in process names are replaced. Failure sticks to buf. */
void text_ports(const struct report *report, const struct text_style *style, struct buf *buf);
