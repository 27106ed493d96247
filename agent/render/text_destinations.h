/* Where most ephemeral ports lead, as a table. */
#pragma once

#include "base/buf.h"
#include "model/report.h"

/* An empty line and a row for each destination; nothing when there is none. */
void text_destinations(const struct report_traffic *traffic, struct buf *buf);
