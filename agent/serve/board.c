#include "serve/board.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"
#include "render/json.h"
#include "render/metrics.h"

/* Far above what the most ports need: a rendering that runs away ends as an error, not as a killed agent. */
#define PAGE_BYTES_MAX ((size_t)64 << 20)

struct page {
    struct board_page view; /* first: a reader's pointer leads back here */
    struct edition *edition;
    pthread_mutex_t lock; /* of its own: a slow rendering delays those who want this page, and no one else */
    char *bytes;          /* owned; NULL until rendered */
};

/* A report and what was made of it; lives while it is the latest, or somebody reads a page of it. */
struct edition {
    atomic_size_t references;
    struct report *report; /* owned reference */
    struct page pages[BOARD_FORM_COUNT];
};

struct board {
    pthread_mutex_t lock; /* held to swap or copy the pointer, never while something is rendered */
    struct edition *latest;
};

static struct edition *edition_new(struct report *report)
{
    struct edition *edition = calloc(1, sizeof(*edition));
    if (edition == NULL)
        return NULL;
    atomic_init(&edition->references, 1);
    edition->report = report;
    for (size_t i = 0; i < BOARD_FORM_COUNT; i++) {
        struct page *page = &edition->pages[i];
        page->edition = edition;
        pthread_mutex_init(&page->lock, NULL);
    }
    return edition;
}

static void edition_unref(struct edition *edition)
{
    if (edition == NULL || atomic_fetch_sub_explicit(&edition->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < BOARD_FORM_COUNT; i++) {
        pthread_mutex_destroy(&edition->pages[i].lock);
        free(edition->pages[i].bytes);
    }
    report_unref(edition->report);
    free(edition);
}

static void edition_unrefp(struct edition **edition)
{
    edition_unref(*edition);
}

/* The latest edition with a reference of the caller's, or NULL. */
static struct edition *latest_ref(struct board *board)
{
    pthread_mutex_lock(&board->lock);
    struct edition *edition = board->latest;
    if (edition != NULL)
        atomic_fetch_add_explicit(&edition->references, 1, memory_order_relaxed);
    pthread_mutex_unlock(&board->lock);
    return edition;
}

int board_new(struct board **ret_board)
{
    struct board *board = calloc(1, sizeof(*board));
    if (board == NULL)
        return -ENOMEM;
    pthread_mutex_init(&board->lock, NULL);
    *ret_board = board;
    return 0;
}

void board_free(struct board *board)
{
    if (board == NULL)
        return;
    edition_unref(board->latest);
    pthread_mutex_destroy(&board->lock);
    free(board);
}

int board_publish(struct board *board, struct report *report)
{
    struct edition *edition = edition_new(report);
    if (edition == NULL) {
        report_unref(report);
        return -ENOMEM;
    }
    pthread_mutex_lock(&board->lock);
    struct edition *former = board->latest;
    board->latest = edition;
    pthread_mutex_unlock(&board->lock);
    edition_unref(former);
    return 0;
}

struct report *board_report(struct board *board)
{
    cleanup(edition_unrefp) struct edition *edition = latest_ref(board);
    return edition == NULL ? NULL : report_ref(edition->report);
}

static int render(enum board_form form, const struct report *report, struct buf *buf)
{
    switch (form) {
    case BOARD_METRICS:
        metrics_render(report, buf);
        return 0;
    case BOARD_REPORT:
        return json_report(report, buf);
    case BOARD_PORTS:
        return json_ports(report, buf);
    }
    return -EINVAL;
}

static int page_fill(struct page *page, enum board_form form)
{
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, PAGE_BYTES_MAX);
    int error = render(form, page->edition->report, &buf);
    if (error != 0)
        return error;
    size_t length = 0;
    error = buf_steal(&buf, &page->bytes, &length);
    if (error != 0)
        return error;
    page->view = (struct board_page){.bytes = page->bytes, .length = length, .report = page->edition->report};
    return 0;
}

int board_page_ref(struct board *board, enum board_form form, const struct board_page **ret_page)
{
    cleanup(edition_unrefp) struct edition *edition = latest_ref(board);
    if (edition == NULL)
        return -ENODATA;
    struct page *page = &edition->pages[form];
    pthread_mutex_lock(&page->lock);
    int error = page->bytes != NULL ? 0 : page_fill(page, form);
    pthread_mutex_unlock(&page->lock);
    if (error != 0)
        return error;
    *ret_page = &page->view;
    /* The page keeps its edition until board_page_unref(). */
    (void)steal_ptr(&edition);
    return 0;
}

void board_page_unref(const struct board_page *page)
{
    if (page != NULL)
        edition_unref(((const struct page *)page)->edition);
}
