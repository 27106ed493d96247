#include "serve/board.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "compression.h"
#include "render/json.h"
#include "render/metrics.h"
#include "render/page.h"

/* Far above what the most ports need: a rendering that runs away ends as an error, not as a killed agent. */
#define PAGE_BYTES_MAX ((size_t)64 << 20)
#define PAGE_COUNT (BOARD_FORM_COUNT * BOARD_CODING_COUNT)

struct page {
    struct board_page view; /* first: a reader's pointer leads back here */
    struct edition *edition;
    pthread_mutex_t lock; /* of its own: a slow rendering delays those who want this page, and no one else */
    char *bytes;          /* owned; NULL until there are any */
};

/* A report and what was made of it; lives while it is the latest, or somebody reads a page of it. */
struct edition {
    atomic_size_t references;
    struct report *report; /* owned reference */
    int64_t board_opened_ns;
    uint64_t number; /* from 1; with the above a name that no other edition has, not even after a restart */
    struct page pages[PAGE_COUNT];
};

struct board {
    pthread_mutex_t lock; /* held to swap or copy what is below, never while something is rendered */
    struct edition *latest;
    struct events *events;
    struct history *history; /* NULL: none is kept */
    uint64_t published;
    int64_t opened_ns; /* real time */
};

static struct edition *edition_new(struct report *report)
{
    struct edition *edition = calloc(1, sizeof(*edition));
    if (edition == NULL)
        return NULL;
    atomic_init(&edition->references, 1);
    edition->report = report;
    for (size_t i = 0; i < PAGE_COUNT; i++) {
        struct page *page = &edition->pages[i];
        page->edition = edition;
        page->view = (struct board_page){.form = (enum board_form)(i / BOARD_CODING_COUNT),
                                         .coding = (enum board_coding)(i % BOARD_CODING_COUNT),
                                         .report = report};
        pthread_mutex_init(&page->lock, NULL);
    }
    return edition;
}

static struct page *page_of(struct edition *edition, enum board_form form, enum board_coding coding)
{
    return &edition->pages[(size_t)form * BOARD_CODING_COUNT + coding];
}

static void edition_unref(struct edition *edition)
{
    if (edition == NULL || atomic_fetch_sub_explicit(&edition->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < PAGE_COUNT; i++) {
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
    board->opened_ns = clock_now().realtime_ns;
    if (events_new((uint64_t)board->opened_ns, &board->events) < 0) {
        free(board);
        return -ENOMEM;
    }
    pthread_mutex_init(&board->lock, NULL);
    *ret_board = board;
    return 0;
}

void board_free(struct board *board)
{
    if (board == NULL)
        return;
    edition_unref(board->latest);
    events_free(board->events);
    history_free(board->history);
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
    edition->board_opened_ns = board->opened_ns;
    pthread_mutex_lock(&board->lock);
    edition->number = ++board->published;
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
        metrics_render(report, METRICS_PROMETHEUS, buf);
        return 0;
    case BOARD_OPENMETRICS:
        metrics_render(report, METRICS_OPENMETRICS, buf);
        return 0;
    case BOARD_REPORT:
        return json_report(report, buf);
    case BOARD_PORTS:
        return json_ports(report, buf);
    case BOARD_PAGE:
        page_render(report, buf);
        return 0;
    }
    return -EINVAL;
}

static int encode(const struct page *page, struct buf *buf)
{
    const struct board_page *view = &page->view;
    const struct board_page *plain = &page_of(page->edition, view->form, BOARD_IDENTITY)->view;
    switch (view->coding) {
    case BOARD_IDENTITY:
        return render(view->form, view->report, buf);
    case BOARD_GZIP:
        return compression_gzip(plain->bytes, plain->length, buf);
    }
    return -EINVAL;
}

static int page_fill(struct page *page)
{
    const struct edition *edition = page->edition;
    struct board_page *view = &page->view;
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, PAGE_BYTES_MAX);
    int error = encode(page, &buf);
    if (error == 0)
        error = buf_steal(&buf, &page->bytes, &view->length);
    if (error != 0)
        return error;
    view->bytes = page->bytes;
    (void)snprintf(view->tag, sizeof(view->tag), "\"%" PRIx64 "-%" PRIx64 "-%u%u\"", (uint64_t)edition->board_opened_ns,
                   edition->number, view->form, view->coding);
    return 0;
}

static int page_make_ready(struct page *page)
{
    pthread_mutex_lock(&page->lock);
    int error = page->bytes != NULL ? 0 : page_fill(page);
    pthread_mutex_unlock(&page->lock);
    return error;
}

int board_page_ref(struct board *board, enum board_form form, enum board_coding coding,
                   const struct board_page **ret_page)
{
    cleanup(edition_unrefp) struct edition *edition = latest_ref(board);
    if (edition == NULL)
        return -ENODATA;
    /* What is compressed is the page as it is. */
    int error = page_make_ready(page_of(edition, form, BOARD_IDENTITY));
    struct page *page = page_of(edition, form, coding);
    if (error == 0 && coding != BOARD_IDENTITY)
        error = page_make_ready(page);
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

void board_keep(struct board *board, struct history *history)
{
    board->history = history;
}

int board_sample(struct board *board, const struct report *report)
{
    pthread_mutex_lock(&board->lock);
    int error = board->history != NULL ? history_add(board->history, report) : 0;
    pthread_mutex_unlock(&board->lock);
    return error;
}

void board_tell(struct board *board, const struct event *event)
{
    pthread_mutex_lock(&board->lock);
    events_add(board->events, event);
    pthread_mutex_unlock(&board->lock);
}

int board_events(struct board *board, uint64_t since, struct events_page *ret_page)
{
    pthread_mutex_lock(&board->lock);
    int error = events_since(board->events, since, ret_page);
    pthread_mutex_unlock(&board->lock);
    return error;
}

int board_history(struct board *board, const char *netns, const struct endpoint *endpoint, int64_t *ret_step_ns,
                  struct history_sample **ret_samples, size_t *ret_count)
{
    if (board->history == NULL)
        return -ENODATA;
    pthread_mutex_lock(&board->lock);
    int error = history_of(board->history, netns, endpoint, ret_samples, ret_count);
    pthread_mutex_unlock(&board->lock);
    if (error == 0)
        *ret_step_ns = history_step_ns(board->history);
    return error;
}
