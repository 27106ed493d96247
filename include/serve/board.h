/*
 * The one slot with the latest report. The only place that knows that two threads share anything: the round
 * publishes, HTTP reads. Each representation is rendered at most once a report, on first demand.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "model/report.h"

struct board;

/* Rendered bytes, immutable, shared by any number of clients. */
struct board_page {
    const char *bytes;
    size_t length;
    const struct report *report; /* what they show; lives as long as the page */
};

enum board_form { BOARD_METRICS, BOARD_REPORT, BOARD_PORTS };
#define BOARD_FORM_COUNT 3

must_use int board_new(struct board **ret_board);
void board_free(struct board *board);
static inline void board_freep(struct board **board)
{
    board_free(*board);
}

/*
 * Takes over the caller's reference, whatever it returns; the former report lives as long as somebody still reads it.
 * Returns 0, or -ENOMEM: then the former report stays the latest.
 */
must_use int board_publish(struct board *board, struct report *report);

/* The latest report with a reference of the caller's; NULL before the first. */
struct report *board_report(struct board *board);

/*
 * The representation of the latest report; release with board_page_unref(). Returns 0, -ENODATA before the first
 * report, or why it could not be rendered: -ENOMEM, -EFBIG. That is not kept: the next one to ask tries again.
 */
must_use int board_page_ref(struct board *board, enum board_form form, const struct board_page **ret_page);
/* NULL is fine. */
void board_page_unref(const struct board_page *page);
