/* The parts of text_why(); each but the headline begins with an empty line, and is nothing when it has nothing to say.
 */
#pragma once

#include "render/text.h"

/* text_why_headline.c: the verdict in one line. */
void text_why_headline(const struct text_why *why, const struct text_style *style, struct buf *buf);
/* text_why_binds.c: which bind works on which address. */
void text_why_binds(const struct verdict *verdict, struct buf *buf);
/* text_why_holders.c: who holds the port. */
void text_why_holders(const struct verdict *verdict, const struct text_style *style, struct buf *buf);
/* text_why.c: why; explanation may be NULL. */
void text_why_explanation(const char *explanation, const struct text_style *style, struct buf *buf);
/* text_why_remedies.c: what to do. */
void text_why_remedies(const struct remedy *remedies, size_t count, const struct text_style *style, struct buf *buf);
