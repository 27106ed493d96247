#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <errno.h>

#include "render/json.h"
#include "why_sample.h"

/* Allocations that cJSON may still make; the hooks take no context. */
static size_t allocations_left;

static void *scarce_malloc(size_t size)
{
    if (allocations_left == 0)
        return NULL;
    allocations_left--;
    return malloc(size);
}

static int scarce(void **state)
{
    (void)state;
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = scarce_malloc, .free_fn = free});
    return 0;
}

static int plentiful(void **state)
{
    (void)state;
    cJSON_InitHooks(NULL);
    return 0;
}

/* Each allocation fails in its turn; the sanitizer's run of this test sees what leaks. */
static void assert_fails_cleanly(int (*render)(const struct report *, struct buf *), const struct report *report)
{
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, 1 << 20);
    buf_add_text(&buf, "before");
    size_t allocations = 0;
    int r;
    do {
        allocations_left = allocations++;
        r = render(report, &buf);
        if (r != 0) {
            assert_int_equal(r, -ENOMEM);
            assert_string_equal(buf.data, "before");
        }
    } while (r != 0);
    assert_true(allocations > 10);
    assert_memory_equal(buf.data, "before{", 7);
}

static int first_row(const struct report *report, struct buf *buf)
{
    return json_port(report, &report->netns, &report->netns.ports[0], buf);
}

static int first_verdict(const struct report *report, struct buf *buf)
{
    return json_verdict(&report->netns.ports[0].verdict, "self", 0, buf);
}

static void a_report_without_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    assert_fails_cleanly(json_report, report);
    assert_fails_cleanly(json_ports, report);
    assert_fails_cleanly(first_row, report);
    assert_fails_cleanly(first_verdict, report);
}

static void a_verdict_with_remedies_without_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = why_sample_build(&why_samples[0]);
    assert_int_not_equal(report->netns.ports[0].verdict.remedy_count, 0);
    assert_fails_cleanly(first_verdict, report);
}

static void a_failed_report_without_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_failed();
    assert_fails_cleanly(json_report, report);
    assert_fails_cleanly(json_ports, report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_without_memory_leaves_nothing_behind),
        cmocka_unit_test(a_verdict_with_remedies_without_memory_leaves_nothing_behind),
        cmocka_unit_test(a_failed_report_without_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, scarce, plentiful);
}
