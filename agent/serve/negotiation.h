/*
 * What a client asks for in the lines Accept, Accept-Encoding and If-None-Match of its request (RFC 9110, 12.5 and
 * 13.1.2). Pure. An element of a list that is not of the right form is passed over; a line that admits nothing that we
 * have is taken as none at all, as client libraries of Prometheus do.
 */
#pragma once

#include <stdbool.h>

/*
 * OpenMetrics 1.0.0 rather than the text format 0.0.4 of Prometheus: what has the higher quality; where both have the
 * same, what is named more exactly.
 */
bool negotiation_prefers_openmetrics(const char *accept);

/* The gzip coding rather than none. "identity" counts where it is named only: every client takes it, but few want it.
 */
bool negotiation_prefers_gzip(const char *accept_encoding);

/* The list has the tag, which is as ETag has it (quoted), weak or strong; "*" has every tag. */
bool negotiation_has_tag(const char *if_none_match, const char *tag);
