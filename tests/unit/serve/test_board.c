#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "report_sample.h"
#include "serve/board.h"

#define READERS 4
#define EDITIONS 300

static struct board *new_board(void)
{
    struct board *board = NULL;
    assert_return_code(board_new(&board), 0);
    return board;
}

static void publish(struct board *board, const char *host)
{
    struct report *report = report_sample_new();
    (void)snprintf(report->host, sizeof(report->host), "%s", host);
    assert_return_code(board_publish(board, report), 0);
}

static const struct board_page *page_ref(struct board *board, enum board_form form)
{
    const struct board_page *page = NULL;
    assert_return_code(board_page_ref(board, form, &page), 0);
    return page;
}

static bool page_names(const struct board_page *page, const char *host)
{
    char wanted[300];
    (void)snprintf(wanted, sizeof(wanted), "\"host\":\"%s\"", host);
    return strstr(page->bytes, wanted) != NULL;
}

static void before_the_first_report_there_is_nothing_to_read(void **state)
{
    (void)state;
    cleanup(board_freep) struct board *board = new_board();
    const struct board_page *page = NULL;
    assert_null(board_report(board));
    assert_int_equal(board_page_ref(board, BOARD_METRICS, &page), -ENODATA);
    assert_null(page);
}

static void a_report_is_the_latest_until_the_next_is_published(void **state)
{
    (void)state;
    cleanup(board_freep) struct board *board = new_board();
    publish(board, "first");
    cleanup(report_unrefp) struct report *first = board_report(board);
    publish(board, "second");
    cleanup(report_unrefp) struct report *second = board_report(board);
    assert_string_equal(first->host, "first");
    assert_string_equal(second->host, "second");
}

static void a_page_is_rendered_once(void **state)
{
    (void)state;
    cleanup(board_freep) struct board *board = new_board();
    publish(board, "once");
    for (enum board_form form = BOARD_METRICS; form < BOARD_FORM_COUNT; form++) {
        const struct board_page *one = page_ref(board, form);
        const char *bytes = one->bytes;
        const struct board_page *two = page_ref(board, form);
        assert_ptr_equal(one, two);
        assert_ptr_equal(bytes, two->bytes);
        board_page_unref(one);
        board_page_unref(two);
    }
}

static void each_form_has_its_own_bytes(void **state)
{
    (void)state;
    cleanup(board_freep) struct board *board = new_board();
    publish(board, "forms");
    const struct board_page *metrics = page_ref(board, BOARD_METRICS);
    const struct board_page *report = page_ref(board, BOARD_REPORT);
    const struct board_page *ports = page_ref(board, BOARD_PORTS);
    assert_non_null(strstr(metrics->bytes, "# TYPE tidewait_rounds_total counter\n"));
    assert_true(page_names(report, "forms"));
    assert_string_equal(ports->bytes, "{\"ports\":[]}\n");
    assert_int_equal(metrics->length, strlen(metrics->bytes));
    assert_int_equal(ports->length, strlen(ports->bytes));
    board_page_unref(metrics);
    board_page_unref(report);
    board_page_unref(ports);
}

static void a_page_outlives_the_next_report_and_the_board(void **state)
{
    (void)state;
    struct board *board = new_board();
    publish(board, "former");
    const struct board_page *former = page_ref(board, BOARD_REPORT);
    publish(board, "latest");
    const struct board_page *latest = page_ref(board, BOARD_REPORT);
    board_free(board);
    assert_true(page_names(former, "former"));
    assert_true(page_names(latest, "latest"));
    assert_string_equal(former->report->host, "former");
    board_page_unref(former);
    board_page_unref(latest);
}

static void *no_memory(size_t size)
{
    (void)size;
    return NULL;
}

static void a_rendering_that_failed_is_tried_again(void **state)
{
    (void)state;
    cleanup(board_freep) struct board *board = new_board();
    publish(board, "again");
    const struct board_page *page = NULL;
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = no_memory, .free_fn = free});
    int error = board_page_ref(board, BOARD_REPORT, &page);
    cJSON_InitHooks(NULL);
    assert_int_equal(error, -ENOMEM);
    assert_null(page);
    page = page_ref(board, BOARD_REPORT);
    assert_true(page_names(page, "again"));
    board_page_unref(page);
}

/* What threads saw; cmocka's asserts belong to the main thread. */
struct reader {
    pthread_t thread;
    struct board *board;
    pthread_barrier_t *start;
    atomic_bool *done;
    const struct board_page *page;
    const char *bytes;
    unsigned read;
    unsigned wrong;
};

static void *read_first_page(void *argument)
{
    struct reader *reader = argument;
    (void)pthread_barrier_wait(reader->start);
    if (board_page_ref(reader->board, BOARD_REPORT, &reader->page) == 0)
        reader->bytes = reader->page->bytes;
    return NULL;
}

static void a_page_that_all_want_at_once_is_rendered_once(void **state)
{
    (void)state;
    for (int repetition = 0; repetition < 50; repetition++) {
        cleanup(board_freep) struct board *board = new_board();
        publish(board, "wanted");
        pthread_barrier_t start;
        assert_int_equal(pthread_barrier_init(&start, NULL, READERS), 0);
        struct reader readers[READERS] = {0};
        for (size_t i = 0; i < READERS; i++) {
            readers[i] = (struct reader){.board = board, .start = &start};
            assert_int_equal(pthread_create(&readers[i].thread, NULL, read_first_page, &readers[i]), 0);
        }
        for (size_t i = 0; i < READERS; i++)
            assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        for (size_t i = 0; i < READERS; i++) {
            assert_non_null(readers[i].bytes);
            assert_ptr_equal(readers[i].bytes, readers[0].bytes);
            board_page_unref(readers[i].page);
        }
        assert_int_equal(pthread_barrier_destroy(&start), 0);
    }
}

static void *read_until_done(void *argument)
{
    struct reader *reader = argument;
    (void)pthread_barrier_wait(reader->start);
    for (enum board_form form = BOARD_METRICS; !atomic_load(reader->done); form = (form + 1) % BOARD_FORM_COUNT) {
        const struct board_page *page = NULL;
        if (board_page_ref(reader->board, form, &page) != 0) {
            reader->wrong++;
            continue;
        }
        bool right =
            page->length == strlen(page->bytes) && (form != BOARD_REPORT || page_names(page, page->report->host));
        reader->wrong += !right;
        reader->read++;
        board_page_unref(page);
    }
    return NULL;
}

static void readers_see_whole_pages_while_reports_are_published(void **state)
{
    (void)state;
    cleanup(board_freep) struct board *board = new_board();
    publish(board, "round-0");
    pthread_barrier_t start;
    assert_int_equal(pthread_barrier_init(&start, NULL, READERS + 1), 0);
    atomic_bool done = false;
    struct reader readers[READERS] = {0};
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.board = board, .start = &start, .done = &done};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_until_done, &readers[i]), 0);
    }
    (void)pthread_barrier_wait(&start);
    for (int round = 1; round <= EDITIONS; round++) {
        char host[32];
        (void)snprintf(host, sizeof(host), "round-%d", round);
        publish(board, host);
        /* Between the readers, or they would see none but the last. */
        board_page_unref(page_ref(board, BOARD_REPORT));
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        assert_int_equal(readers[i].wrong, 0);
        assert_true(readers[i].read > 0);
    }
    assert_int_equal(pthread_barrier_destroy(&start), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first_report_there_is_nothing_to_read),
        cmocka_unit_test(a_report_is_the_latest_until_the_next_is_published),
        cmocka_unit_test(a_page_is_rendered_once),
        cmocka_unit_test(each_form_has_its_own_bytes),
        cmocka_unit_test(a_page_outlives_the_next_report_and_the_board),
        cmocka_unit_test(a_rendering_that_failed_is_tried_again),
        cmocka_unit_test(a_page_that_all_want_at_once_is_rendered_once),
        cmocka_unit_test(readers_see_whole_pages_while_reports_are_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
