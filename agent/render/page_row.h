/* A row of the table of ports in HTML. */
#pragma once

#include "base/buf.h"
#include "model/standing.h"

/* netns: "" for the agent's own. */
void page_row_add(const struct report_port *port, const char *netns, struct buf *buf);
