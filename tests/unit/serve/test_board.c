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
#define ZLIB_CONST
#include <zlib.h>

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
    assert_return_code(board_page_ref(board, form, BOARD_IDENTITY, &page), 0);
    return page;
}

static const struct board_page *coded_page_ref(struct board *board, enum board_form form, enum board_coding coding)
{
    const struct board_page *page = NULL;
    assert_return_code(board_page_ref(board, form, coding, &page), 0);
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
    assert_int_equal(board_page_ref(board, BOARD_METRICS, BOARD_IDENTITY, &page), -ENODATA);
    assert_int_equal(board_page_ref(board, BOARD_REPORT, BOARD_GZIP, &page), -ENODATA);
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
    for (unsigned i = 0; i < BOARD_FORM_COUNT * BOARD_CODING_COUNT; i++) {
        enum board_form form = i / BOARD_CODING_COUNT;
        enum board_coding coding = i % BOARD_CODING_COUNT;
        const struct board_page *one = coded_page_ref(board, form, coding);
        const char *bytes = one->bytes;
        const struct board_page *two = coded_page_ref(board, form, coding);
        assert_ptr_equal(one, two);
        assert_ptr_equal(bytes, two->bytes);
        assert_int_equal(one->form, form);
        assert_int_equal(one->coding, coding);
        board_page_unref(one);
        board_page_unref(two);
    }
}

static void the_compressed_page_is_that_of_the_plain_bytes(void **state)
{
    (void)state;
    cleanup(board_freep) struct board *board = new_board();
    publish(board, "compressed");
    const struct board_page *compressed = coded_page_ref(board, BOARD_REPORT, BOARD_GZIP);
    const struct board_page *plain = page_ref(board, BOARD_REPORT);
    char again[1 << 16];
    z_stream stream = {.next_in = (const Bytef *)compressed->bytes,
                       .avail_in = (uInt)compressed->length,
                       .next_out = (Bytef *)again,
                       .avail_out = sizeof(again)};
    assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, plain->length);
    assert_memory_equal(again, plain->bytes, plain->length);
    assert_int_equal(inflateEnd(&stream), Z_OK);
    assert_true(compressed->length < plain->length);
    board_page_unref(compressed);
    board_page_unref(plain);
}

#define TAGGED_PAGES (3 * (BOARD_FORM_COUNT * BOARD_CODING_COUNT))

static size_t keep_tags(struct board *board, char (*tags)[BOARD_TAG_MAX], size_t count)
{
    publish(board, "the same");
    for (unsigned i = 0; i < BOARD_FORM_COUNT * BOARD_CODING_COUNT; i++) {
        const struct board_page *page = coded_page_ref(board, i / BOARD_CODING_COUNT, i % BOARD_CODING_COUNT);
        memcpy(tags[count++], page->tag, BOARD_TAG_MAX);
        board_page_unref(page);
    }
    return count;
}

static void no_two_pages_have_the_same_tag_not_even_those_of_another_board(void **state)
{
    (void)state;
    char tags[TAGGED_PAGES][BOARD_TAG_MAX];
    cleanup(board_freep) struct board *board = new_board();
    cleanup(board_freep) struct board *after_a_restart = new_board();
    size_t count = keep_tags(board, tags, 0);
    count = keep_tags(board, tags, count);
    count = keep_tags(after_a_restart, tags, count);
    assert_int_equal(count, TAGGED_PAGES);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(tags[i][0], '"');
        assert_int_equal(tags[i][strlen(tags[i]) - 1], '"');
        for (size_t before = 0; before < i; before++)
            assert_string_not_equal(tags[i], tags[before]);
    }
}

static void each_form_has_its_own_bytes(void **state)
{
    (void)state;
    cleanup(board_freep) struct board *board = new_board();
    publish(board, "forms");
    const struct board_page *metrics = page_ref(board, BOARD_METRICS);
    const struct board_page *openmetrics = page_ref(board, BOARD_OPENMETRICS);
    const struct board_page *report = page_ref(board, BOARD_REPORT);
    const struct board_page *ports = page_ref(board, BOARD_PORTS);
    assert_non_null(strstr(metrics->bytes, "# TYPE tidewait_rounds_total counter\n"));
    assert_non_null(strstr(openmetrics->bytes, "# TYPE tidewait_rounds counter\n"));
    assert_true(page_names(report, "forms"));
    assert_string_equal(ports->bytes, "{\"ports\":[]}\n");
    assert_int_equal(metrics->length, strlen(metrics->bytes));
    assert_int_equal(ports->length, strlen(ports->bytes));
    board_page_unref(metrics);
    board_page_unref(openmetrics);
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
    int error = board_page_ref(board, BOARD_REPORT, BOARD_GZIP, &page);
    cJSON_InitHooks(NULL);
    assert_int_equal(error, -ENOMEM);
    assert_null(page);
    board_page_unref(coded_page_ref(board, BOARD_REPORT, BOARD_GZIP));
    page = page_ref(board, BOARD_REPORT);
    assert_true(page_names(page, "again"));
    board_page_unref(page);
}

/* What threads saw; cmocka's asserts belong to the main thread. */
struct reader {
    pthread_t thread;
    struct board *board;
    pthread_barrier_t *start;
    enum board_coding coding;
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
    if (board_page_ref(reader->board, BOARD_REPORT, reader->coding, &reader->page) == 0)
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
            readers[i] = (struct reader){.board = board, .start = &start, .coding = i % BOARD_CODING_COUNT};
            assert_int_equal(pthread_create(&readers[i].thread, NULL, read_first_page, &readers[i]), 0);
        }
        for (size_t i = 0; i < READERS; i++)
            assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        for (size_t i = 0; i < READERS; i++) {
            assert_non_null(readers[i].bytes);
            assert_ptr_equal(readers[i].bytes, readers[i % BOARD_CODING_COUNT].bytes);
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
        if (board_page_ref(reader->board, form, BOARD_IDENTITY, &page) != 0) {
            reader->wrong++;
            continue;
        }
        bool right =
            page->length == strlen(page->bytes) && (form != BOARD_REPORT || page_names(page, page->report->host));
        const struct board_page *compressed = NULL;
        right = right && board_page_ref(reader->board, form, BOARD_GZIP, &compressed) == 0 && compressed->length > 0;
        board_page_unref(compressed);
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

static void *read_the_past(void *argument)
{
    struct reader *reader = argument;
    (void)pthread_barrier_wait(reader->start);
    for (uint64_t since = 0; !atomic_load(reader->done);) {
        cleanup(events_page_done) struct events_page page = {0};
        cleanup(cleanup_free) struct history_sample *samples = NULL;
        size_t count = 0;
        int64_t step_ns = 0;
        int error = board_events(reader->board, since, &page);
        if (error == 0)
            error = board_history(reader->board, "self", &(struct endpoint){.port = 8080}, &step_ns, &samples, &count);
        reader->wrong += error != 0 || count == 0;
        for (size_t i = 0; i < page.count; i++)
            reader->wrong += page.items[i].id != since + 1 + i || page.items[i].at_ns != (int64_t)page.items[i].id;
        since += page.count;
        reader->read++;
    }
    return NULL;
}

static void readers_see_a_whole_past_while_it_goes_on(void **state)
{
    (void)state;
    cleanup(board_freep) struct board *board = new_board();
    struct history *history = NULL;
    assert_return_code(history_new(60 * CLOCK_NS_PER_S, CLOCK_NS_PER_S, &history), 0);
    board_keep(board, history);
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    assert_return_code(board_sample(board, report), 0);
    pthread_barrier_t start;
    assert_int_equal(pthread_barrier_init(&start, NULL, READERS + 1), 0);
    atomic_bool done = false;
    struct reader readers[READERS] = {0};
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.board = board, .start = &start, .done = &done};
        assert_int_equal(pthread_create(&readers[i].thread, NULL, read_the_past, &readers[i]), 0);
    }
    (void)pthread_barrier_wait(&start);
    for (int64_t round = 1; round <= EDITIONS; round++) {
        board_tell(board, &(struct event){.at_ns = round});
        report->taken_at.monotonic_ns = round * CLOCK_NS_PER_S;
        assert_return_code(board_sample(board, report), 0);
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(readers[i].thread, NULL), 0);
        assert_int_equal(readers[i].wrong, 0);
    }
    assert_int_equal(pthread_barrier_destroy(&start), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_the_first_report_there_is_nothing_to_read),
        cmocka_unit_test(a_report_is_the_latest_until_the_next_is_published),
        cmocka_unit_test(a_page_is_rendered_once),
        cmocka_unit_test(the_compressed_page_is_that_of_the_plain_bytes),
        cmocka_unit_test(no_two_pages_have_the_same_tag_not_even_those_of_another_board),
        cmocka_unit_test(each_form_has_its_own_bytes),
        cmocka_unit_test(a_page_outlives_the_next_report_and_the_board),
        cmocka_unit_test(a_rendering_that_failed_is_tried_again),
        cmocka_unit_test(a_page_that_all_want_at_once_is_rendered_once),
        cmocka_unit_test(readers_see_whole_pages_while_reports_are_published),
        cmocka_unit_test(readers_see_a_whole_past_while_it_goes_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
