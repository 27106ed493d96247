#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "metric_table.h"
#include "rendered_metrics.h"
#include "report_sample.h"
#include "scrape.h"

static void assert_clean(const char *text, enum metrics_format format, struct scrape *ret_scrape)
{
    scrape_read(text, format, ret_scrape);
    if (ret_scrape->problem[0] != '\0')
        fail_msg("%s", ret_scrape->problem);
}

static void numbers_read_back_as_they_were(void **state)
{
    (void)state;
    static const double numbers[] = {0.1, 1.0 / 3, 43.7, 1e-9, 123456789.123456789, 1e300};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        cleanup(report_sample_freep) struct report *report = report_sample_new();
        report->agent.interval_seconds = numbers[i];
        cleanup(cleanup_free) char *text = rendered(report);
        cleanup(scrape_done) struct scrape scrape;
        assert_clean(text, METRICS_PROMETHEUS, &scrape);
        assert_true(scrape_find(&scrape, "tidewait_interval_seconds")->value == numbers[i]);
    }
}

static void a_number_that_is_none_is_left_out(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report->agent.interval_seconds = __builtin_nan("");
    cleanup(cleanup_free) char *text = rendered(report);
    assert_absent(text, "tidewait_interval_seconds");
}

/* Every port in every way: with and without address, TCP and UDP, every verdict and cause, two listeners, watched. */
static struct report *big_report(void)
{
    struct report *report = report_sample_new();
    static const char *const before[] = {"", "127.0.0.1:", "[::1]:", "udp:"};
    for (unsigned int i = 0; i < 256; i++) {
        for (size_t form = 0; form < sizeof(before) / sizeof(before[0]); form++) {
            char endpoint[64];
            (void)snprintf(endpoint, sizeof(endpoint), "%s%u", before[form], i + 1);
            struct report_port *port =
                report_sample_port(report, endpoint, (enum verdict_kind)(i % 4), (enum cause)(i % CAUSE_COUNT));
            port->expected = (enum expected)(i % 3);
            port->verdict.plain = (struct frees){(enum frees_kind)(i % 3), i / 7.0};
            port->verdict.reuseaddr = (struct frees){(enum frees_kind)(i / 3 % 3), i / 11.0};
        }
        (void)report_sample_counts(report, PROTOCOL_TCP, (uint16_t)(i + 1), NULL);
        (void)report_sample_counts(report, PROTOCOL_UDP, (uint16_t)(i + 1), NULL);
        report_sample_listener(report, "0.0.0.0", (uint16_t)(i + 1))->owner_known = true;
        report_sample_listener(report, "::", (uint16_t)(i + 1))->owner_known = true;
    }
    for (enum protocol protocol = PROTOCOL_TCP; protocol < PROTOCOL_COUNT; protocol++) {
        (void)report_sample_counts(report, protocol, 0, "ephemeral");
        (void)report_sample_counts(report, protocol, 0, "other");
    }
    return report;
}

static void every_series_is_there_once_and_families_follow_the_catalogue(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = big_report();
    cleanup(cleanup_free) char *text = rendered(report);
    cleanup(scrape_done) struct scrape scrape;
    assert_clean(text, METRICS_PROMETHEUS, &scrape);

    cleanup(buf_done) struct buf catalogue;
    buf_init(&catalogue, 1 << 20);
    metrics_catalogue(&catalogue);
    const char *line = catalogue.data;
    for (size_t i = 0; i < scrape.family_count; i++) {
        size_t length = strlen(scrape.families[i]);
        assert_memory_equal(line, scrape.families[i], length);
        assert_int_equal(line[length], ' ');
        line = strchr(line, '\n') + 1;
    }
    assert_string_equal(line, "");
}

/* Without its comments: HELP, TYPE, EOF. */
static char *samples_of(const char *text)
{
    struct buf samples;
    buf_init(&samples, 16 << 20);
    while (*text != '\0') {
        size_t length = strcspn(text, "\n") + 1;
        if (*text != '#')
            buf_add(&samples, text, length);
        text += length;
    }
    assert_int_equal(samples.failure, 0);
    return samples.data;
}

static void a_sample_reads_the_same_in_both_formats(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = big_report();
    cleanup(cleanup_free) char *prometheus = rendered_as(METRICS_PROMETHEUS, report);
    cleanup(cleanup_free) char *openmetrics = rendered_as(METRICS_OPENMETRICS, report);
    cleanup(scrape_done) struct scrape scrape;
    assert_clean(openmetrics, METRICS_OPENMETRICS, &scrape);
    cleanup(cleanup_free) char *one = samples_of(prometheus);
    cleanup(cleanup_free) char *other = samples_of(openmetrics);
    assert_string_equal(one, other);
}

static void a_family_of_openmetrics_is_named_without_the_suffix_of_its_samples(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    cleanup(cleanup_free) char *prometheus = rendered_as(METRICS_PROMETHEUS, report);
    cleanup(cleanup_free) char *openmetrics = rendered_as(METRICS_OPENMETRICS, report);
    assert_line(prometheus, "# TYPE tidewait_rounds_total counter");
    assert_line(prometheus, "# TYPE tidewait_build_info gauge");
    assert_absent(prometheus, "# EOF");
    assert_line(openmetrics, "# HELP tidewait_rounds Rounds begun: a look at all sockets, then the verdicts.");
    assert_line(openmetrics, "# TYPE tidewait_rounds counter");
    assert_line(openmetrics, "tidewait_rounds_total 20");
    assert_line(openmetrics, "# TYPE tidewait_build info");
    assert_line(openmetrics, "# TYPE tidewait_sockets gauge");
    assert_line(openmetrics, "# TYPE tidewait_round_duration_seconds histogram");
    assert_string_equal(openmetrics + strlen(openmetrics) - strlen("\n# EOF\n"), "\n# EOF\n");
}

/* What renders it relies on it. */
static void every_name_has_the_suffix_of_its_type_and_no_help_needs_an_escape(void **state)
{
    (void)state;
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        const struct metric_table_row *row = &metric_table[metric];
        const char *suffix = strrchr(row->name, '_');
        assert_int_equal(strcmp(suffix, "_total") == 0, strcmp(row->type, "counter") == 0);
        assert_int_equal(strcmp(suffix, "_info") == 0, strcmp(row->type, "info") == 0);
        assert_null(strpbrk(row->help, "\\\"\n"));
    }
}

static void a_double_series_would_be_seen(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    (void)report_sample_listener(report, "0.0.0.0", 22);
    cleanup(cleanup_free) char *text = rendered(report);
    cleanup(scrape_done) struct scrape scrape;
    scrape_read(text, METRICS_PROMETHEUS, &scrape);
    assert_string_equal(scrape.problem, "a series twice: tidewait_listen_queue_length");
}

static void quotes_backslashes_and_newlines_are_escaped(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    (void)snprintf(report->netns.listeners[0].owner.process, OWNER_PROCESS_MAX, "ev\"il\\n\na\xffme");
    cleanup(cleanup_free) char *text = rendered(report);
    assert_non_null(strstr(text, "process=\"ev\\\"il\\\\n\\na\xef\xbf\xbdme\","));
}

static void any_name_of_a_process_reads_back_as_its_repaired_bytes(void **state)
{
    (void)state;
    static const char special[] = "\\\"\n{},=\xc3\xa9\xe2\x82\xac";
    uint64_t seed = 0x7469646577616974;
    for (int round = 0; round < 500; round++) {
        cleanup(report_sample_freep) struct report *report = report_sample_host();
        char *process = report->netns.listeners[0].owner.process;
        for (size_t i = 0; i < OWNER_PROCESS_MAX - 1; i++) {
            seed = seed * 6364136223846793005U + 1442695040888963407U;
            unsigned int byte = (unsigned int)(seed >> 40) & 0xff;
            process[i] = (seed >> 60) < 6 ? special[byte % (sizeof(special) - 1)] : (char)byte;
        }
        cleanup(buf_done) struct buf repaired;
        buf_init(&repaired, 1024);
        utf8_repair(&repaired, process, strlen(process));

        enum metrics_format format = round % 2 == 0 ? METRICS_PROMETHEUS : METRICS_OPENMETRICS;
        cleanup(cleanup_free) char *text = rendered_as(format, report);
        cleanup(scrape_done) struct scrape scrape;
        assert_clean(text, format, &scrape);
        const struct scrape_sample *info = scrape_find(&scrape, "tidewait_listener_info");
        assert_string_equal(scrape_label(info, "process"), repaired.length > 0 ? repaired.data : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_read_back_as_they_were),
        cmocka_unit_test(a_number_that_is_none_is_left_out),
        cmocka_unit_test(every_series_is_there_once_and_families_follow_the_catalogue),
        cmocka_unit_test(a_sample_reads_the_same_in_both_formats),
        cmocka_unit_test(a_family_of_openmetrics_is_named_without_the_suffix_of_its_samples),
        cmocka_unit_test(every_name_has_the_suffix_of_its_type_and_no_help_needs_an_escape),
        cmocka_unit_test(a_double_series_would_be_seen),
        cmocka_unit_test(quotes_backslashes_and_newlines_are_escaped),
        cmocka_unit_test(any_name_of_a_process_reads_back_as_its_repaired_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
