#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "render/text.h"
#include "why_sample.h"

/* More than any of the texts needs. */
#define CALLS_MAX 1000
#define TEXT_MAX 10000

static unsigned calls_left;

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_realloc(void *memory, size_t size)
{
    if (calls_left == 0)
        return __real_realloc(memory, size);
    calls_left--;
    return calls_left > 0 ? __real_realloc(memory, size) : NULL;
}

/* With the failing allocation at each place; where a text came of it, it is as it should be. */
static void check(void (*render)(const struct report *report, struct buf *buf), const struct report *report)
{
    cleanup(buf_done) struct buf right;
    buf_init(&right, TEXT_MAX);
    calls_left = 0;
    render(report, &right);
    assert_int_equal(right.failure, 0);
    for (unsigned call = 1; call < CALLS_MAX; call++) {
        cleanup(buf_done) struct buf buf;
        buf_init(&buf, TEXT_MAX);
        calls_left = call;
        render(report, &buf);
        if (calls_left > 0) {
            assert_true(call > 1);
            assert_string_equal(buf.data, right.data);
            return;
        }
        assert_int_equal(buf.failure, -ENOMEM);
    }
    fail_msg("%d allocations do not suffice", CALLS_MAX);
}

static void render_ports(const struct report *report, struct buf *buf)
{
    text_ports(report, &(struct text_style){.colour = true}, buf);
}

static void render_why(const struct report *report, struct buf *buf)
{
    const struct text_why why = {.verdict = &report->netns.ports[0].verdict, .taken_at_ns = REPORT_SAMPLE_TAKEN_NS};
    text_why(&why, &(struct text_style){.colour = true}, buf);
}

static void a_table_of_ports_for_which_memory_lacks_fails_and_ends(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    check(render_ports, report);
}

static void each_verdict_for_which_memory_lacks_fails_and_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < why_sample_count; i++) {
        cleanup(report_sample_freep) struct report *report = why_sample_build(&why_samples[i]);
        check(render_why, report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_ports_for_which_memory_lacks_fails_and_ends),
        cmocka_unit_test(each_verdict_for_which_memory_lacks_fails_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
