/* The texts are kept in tests/data/why. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kept.h"
#include "render/text.h"
#include "rendered.h"
#include "terminal.h"
#include "why_sample.h"

#define TEXT_MAX (1 << 16)
#define COLUMNS 80

static char *text_of(const struct report *report, const struct why_sample *sample, bool colour)
{
    struct text_why why = {
        .verdict = &report->netns.ports[0].verdict,
        .taken_at_ns = REPORT_SAMPLE_TAKEN_NS,
        .reuseaddr = sample->asks_reuseaddr,
        .missing = sample->missing,
    };
    struct buf buf;
    buf_init(&buf, TEXT_MAX);
    text_why(&why, &(struct text_style){.colour = colour}, &buf);
    return rendered_take(&buf);
}

static char *sample_text(const struct why_sample *sample, bool colour)
{
    cleanup(report_sample_freep) struct report *report = why_sample_build(sample);
    return text_of(report, sample, colour);
}

static const struct why_sample *sample_named(const char *name)
{
    for (size_t i = 0; i < why_sample_count; i++)
        if (strcmp(why_samples[i].name, name) == 0)
            return &why_samples[i];
    fail_msg("no sample %s", name);
    return NULL;
}

static void every_verdict_reads_as_it_is_kept(void **state)
{
    (void)state;
    size_t different = 0;
    for (size_t i = 0; i < why_sample_count; i++) {
        cleanup(cleanup_free) char *plain = sample_text(&why_samples[i], false);
        cleanup(cleanup_free) char *coloured = why_samples[i].coloured ? sample_text(&why_samples[i], true) : NULL;
        different += !kept_are("why", why_samples[i].name, plain, coloured);
    }
    assert_int_equal(different, 0);
}

static void colour_changes_no_character(void **state)
{
    (void)state;
    for (size_t i = 0; i < why_sample_count; i++) {
        cleanup(cleanup_free) char *plain = sample_text(&why_samples[i], false);
        cleanup(cleanup_free) char *coloured = sample_text(&why_samples[i], true);
        rendered_assert_same(plain, coloured);
    }
}

static bool is_command(const struct why_sample *sample, const char *line, size_t length)
{
    for (size_t i = 0; i < WHY_SAMPLE_REMEDIES_MAX; i++) {
        const char *command = sample->remedies[i].command;
        size_t first = command != NULL ? strcspn(command, "\n") : SIZE_MAX;
        if (first <= length && memmem(line, length, command, first) != NULL)
            return true;
    }
    return false;
}

static void only_commands_are_wider_than_a_terminal(void **state)
{
    (void)state;
    for (size_t i = 0; i < why_sample_count; i++) {
        cleanup(cleanup_free) char *text = sample_text(&why_samples[i], false);
        size_t length;
        for (const char *line = text; *line != '\0'; line += length + 1) {
            length = strcspn(line, "\n");
            assert_int_equal(line[length], '\n');
            if (length > 0)
                assert_int_not_equal(line[length - 1], ' ');
            if (terminal_width(line, length) > COLUMNS && !is_command(&why_samples[i], line, length))
                fail_msg("%s: too wide: %.*s", why_samples[i].name, (int)length, line);
        }
    }
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' in '%s'", part, text);
}

static void the_time_of_day_is_local(void **state)
{
    (void)state;
    (void)setenv("TZ", "XST-5:30", 1);
    tzset();
    cleanup(cleanup_free) char *text = sample_text(sample_named("time_wait"), false);
    (void)setenv("TZ", "UTC", 1);
    tzset();
    assert_contains(text, "free in 43.7 s, at 00:34:12\n");
}

static void nothing_from_outside_can_drive_the_terminal(void **state)
{
    (void)state;
    struct why_sample sample = *sample_named("listener");
    sample.holders[0].process = "\x1b[2J";
    sample.holders[0].unit = "a\nb\xe2\x80\xae";
    sample.explanation = "why\x1b]0;x\x07\n";
    sample.missing = "missing\x9b";
    sample.remedies[0].command = "kill\x1b 1";
    sample.remedies[0].text = "ends\r it";
    cleanup(cleanup_free) char *text = sample_text(&sample, false);
    for (const char *byte = text; *byte != '\0'; byte++)
        assert_true(*byte == '\n' || (unsigned char)*byte >= ' ');
    assert_contains(text, "\xef\xbf\xbd[2J (812), a\xef\xbf\xbd"
                          "b\xef\xbf\xbd\n");
    assert_contains(text, "kill\xef\xbf\xbd 1");
    assert_null(strstr(text, "\xe2\x80\xae"));
}

static void what_there_is_not_leaves_no_empty_section(void **state)
{
    (void)state;
    const struct why_sample sample = {.endpoint = "8080", .kind = VERDICT_HELD, .cause = CAUSE_UNKNOWN};
    cleanup(cleanup_free) char *text = sample_text(&sample, false);
    assert_string_equal(text, "8080/tcp is held: bind() fails\n");
}

static void sharers_who_live_apart_are_named_with_where_they_live(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = why_sample_build(sample_named("listener"));
    struct holder *holder = &report->netns.ports[0].verdict.holders[0];
    (void)snprintf(holder->owners[0].unit, OWNER_UNIT_MAX, "init.scope");
    (void)snprintf(report_sample_owner(holder, "app", 77)->unit, OWNER_UNIT_MAX, "app.service");
    cleanup(cleanup_free) char *text = text_of(report, sample_named("listener"), false);
    assert_contains(text, "   nginx (812), init.scope; app (77), app.service\n");
}

static void a_crowd_of_holders_is_cut_and_the_rest_counted(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = why_sample_build(sample_named("connected"));
    for (size_t i = 0; i < 30; i++)
        (void)report_sample_holder(&report->netns.ports[0], SOCK_ESTABLISHED, "10.0.0.1", 4000 + i);
    cleanup(cleanup_free) char *text = text_of(report, sample_named("connected"), false);
    assert_contains(text, "\n  4009 ESTABLISHED");
    assert_contains(text, "\n  and 20 more kinds of sockets: --json lists them all\n");
    assert_null(strstr(text, "4010 ESTABLISHED"));
}

static void what_narrows_a_local_address_is_shown(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = why_sample_build(sample_named("listener"));
    report->netns.ports[0].verdict.holders[0].interface = 3;
    struct holder *rest = report_sample_holder(&report->netns.ports[0], SOCK_ESTABLISHED, "10.0.0.1", 9);
    rest->many_locals = true;
    cleanup(cleanup_free) char *text = text_of(report, sample_named("listener"), false);
    assert_contains(text, "  1 LISTEN        0.0.0.0:8080 (interface 3)   nginx (812), nginx.service\n");
    assert_contains(text, "  9 ESTABLISHED   *:8080                       -\n");
}

static void a_buffer_that_is_too_small_is_told_at_every_size(void **state)
{
    (void)state;
    const struct why_sample *sample = sample_named("time_wait");
    cleanup(report_sample_freep) struct report *report = why_sample_build(sample);
    cleanup(cleanup_free) char *text = text_of(report, sample, true);
    for (size_t limit = 0; limit < strlen(text); limit++) {
        cleanup(buf_done) struct buf buf;
        buf_init(&buf, limit);
        struct text_why why = {.verdict = &report->netns.ports[0].verdict, .taken_at_ns = REPORT_SAMPLE_TAKEN_NS};
        text_why(&why, &(struct text_style){.colour = true}, &buf);
        assert_int_equal(buf.failure, -EFBIG);
    }
}

int main(void)
{
    (void)setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_reads_as_it_is_kept),
        cmocka_unit_test(colour_changes_no_character),
        cmocka_unit_test(only_commands_are_wider_than_a_terminal),
        cmocka_unit_test(the_time_of_day_is_local),
        cmocka_unit_test(nothing_from_outside_can_drive_the_terminal),
        cmocka_unit_test(what_there_is_not_leaves_no_empty_section),
        cmocka_unit_test(sharers_who_live_apart_are_named_with_where_they_live),
        cmocka_unit_test(a_crowd_of_holders_is_cut_and_the_rest_counted),
        cmocka_unit_test(what_narrows_a_local_address_is_shown),
        cmocka_unit_test(a_buffer_that_is_too_small_is_told_at_every_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
