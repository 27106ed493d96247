/* The status page in HTML: of use as it is; its script, which the server has beside it, brings it to life. */
#pragma once

#include "base/buf.h"
#include "model/report.h"

/*
 * The summary, and a row for each port of every namespace, the worst first; of a failed report, what failed. report:
 * NULL before the first. Every path in it is relative. Text is escaped, names made safe. Failure sticks to buf.
 */
void page_render(const struct report *report, struct buf *buf);
