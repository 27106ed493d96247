/* What texts for a terminal are put together from. */
#pragma once

#include "model/verdict.h"
#include "render/text.h"

/* Lines fit into so many columns unless something that must stay whole is longer. */
#define TEXT_PARTS_COLUMNS 80

/* Escape sequences. */
#define TEXT_PARTS_BOLD "\033[1m"
#define TEXT_PARTS_DIM "\033[2m"
/* Of a verdict: green, yellow, red, magenta. */
const char *text_parts_colour(enum verdict_kind kind);

/* Appends text, which is ours, between the escape sequence and the one that ends it; alone without colour. */
void text_parts_paint(struct buf *buf, const struct text_style *style, const char *escape, const char *text);

void text_parts_spaces(struct buf *buf, size_t count);

/* "43.7 s": tenths, rounded up, so that what is left is never understated. */
void text_parts_seconds(struct buf *buf, int64_t ms);

/* " in namespace blue"; nothing for NULL, the own one. */
void text_parts_netns(struct buf *buf, const char *netns);
/*
 * Appends text, any bytes made safe, broken at spaces to fit into TEXT_PARTS_COLUMNS: the first line begins in column,
 * the others after indent spaces. No newline at the end.
 */
void text_parts_wrap(struct buf *buf, const char *text, size_t column, size_t indent);
