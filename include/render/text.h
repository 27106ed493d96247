/* Tables for a terminal. */
#pragma once

#include "base/buf.h"
#include "model/report.h"

/* How the terminal wants it. */
struct text_style {
    bool colour;
};

/*
 * The table of `tidewait ports`, from a report that did not fail; "no port has a listener" when it has no row. Names
 * are repaired to UTF-8, their control characters replaced. Failure sticks to buf.
 */
void text_ports(const struct report *report, const struct text_style *style, struct buf *buf);
