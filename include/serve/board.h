/*
 * The one slot with the latest report. The only place that knows that two threads share anything: the round
 * publishes, HTTP reads. Beside it, what happened so far. Each representation is rendered, and compressed, at most once
 * a report, on first demand.
 */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "model/events.h"
#include "model/history.h"

struct board;

enum board_form { BOARD_METRICS, BOARD_OPENMETRICS, BOARD_REPORT, BOARD_PORTS, BOARD_PAGE };
#define BOARD_FORM_COUNT 5

enum board_coding { BOARD_IDENTITY, BOARD_GZIP };
#define BOARD_CODING_COUNT 2

#define BOARD_TAG_MAX 64

/* A representation: rendered bytes, immutable, shared by any number of clients. */
struct board_page {
    enum board_form form;
    enum board_coding coding;
    const char *bytes;
    size_t length;
    const struct report *report; /* what they show; lives as long as the page */
    char tag[BOARD_TAG_MAX];     /* as ETag has it: no other page of this or another agent has the same */
};

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
must_use int board_page_ref(struct board *board, enum board_form form, enum board_coding coding,
                            const struct board_page **ret_page);
/* NULL is fine. */
void board_page_unref(const struct board_page *page);

/* Takes the history over, to keep samples in; before the first report, and before anybody reads the board. */
void board_keep(struct board *board, struct history *history);
/* Adds to the history, if there is one. Returns 0, or -ENOMEM: then some ports have a gap. */
must_use int board_sample(struct board *board, const struct report *report);
/* Adds to the events; a copy is kept. */
void board_tell(struct board *board, const struct event *event);

/* As events_since(). */
must_use int board_events(struct board *board, uint64_t since, struct events_page *ret_page);
/* As history_of(); -ENODATA when no history is kept. */
must_use int board_history(struct board *board, const char *netns, const struct endpoint *endpoint,
                           int64_t *ret_step_ns, struct history_sample **ret_samples, size_t *ret_count);
