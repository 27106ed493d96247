#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"

#define CAPTURE_MAX 8192
#define VALUE_MAX 4096

/* A log into a socket that keeps the borders of writes: what one read gives was one write. */
struct capture {
    int read_fd;
    int write_fd;
};

static void capture_open(struct capture *capture)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
    *capture = (struct capture){.read_fd = fds[0], .write_fd = fds[1]};
}

static void capture_close(struct capture *capture)
{
    cleanup_close(&capture->read_fd);
    cleanup_close(&capture->write_fd);
}

/* The next line, "" when none was written. */
static void capture_read(const struct capture *capture, char text[static CAPTURE_MAX])
{
    ssize_t length = recv(capture->read_fd, text, CAPTURE_MAX - 1, 0);
    text[length > 0 ? length : 0] = '\0';
}

/* Checks the timestamp and cuts it off; what is left begins with the level. */
static const char *behind_timestamp(const char *line, const char *before, const char *after)
{
    assert_memory_equal(line, before, strlen(before));
    const char *stamp = line + strlen(before);
    const char *const form = "dddd-dd-ddTdd:dd:dd.dddZ";
    for (size_t i = 0; form[i] != '\0'; i++) {
        if (form[i] == 'd')
            assert_in_range(stamp[i], '0', '9');
        else
            assert_int_equal(stamp[i], form[i]);
    }
    const char *rest = stamp + strlen(form);
    assert_memory_equal(rest, after, strlen(after));
    return rest + strlen(after);
}

static void assert_logfmt_value(const char *value, const char *expected)
{
    cleanup(capture_close) struct capture capture;
    capture_open(&capture);
    const struct log log = {.fd = capture.write_fd, .level = LOG_LEVEL_DEBUG, .format = LOG_FORMAT_LOGFMT};
    log_event(&log, LOG_LEVEL_INFO, "m", {"key", value});
    char line[CAPTURE_MAX];
    capture_read(&capture, line);
    char wanted[CAPTURE_MAX];
    (void)snprintf(wanted, sizeof(wanted), "level=info msg=m key=%s\n", expected);
    assert_string_equal(behind_timestamp(line, "ts=", " "), wanted);
}

static void assert_json_value(const char *value, const char *expected)
{
    cleanup(capture_close) struct capture capture;
    capture_open(&capture);
    const struct log log = {.fd = capture.write_fd, .level = LOG_LEVEL_DEBUG, .format = LOG_FORMAT_JSON};
    log_event(&log, LOG_LEVEL_INFO, "m", {"key", value});
    char line[CAPTURE_MAX];
    capture_read(&capture, line);
    char wanted[CAPTURE_MAX];
    (void)snprintf(wanted, sizeof(wanted), "\"level\":\"info\",\"msg\":\"m\",\"key\":\"%s\"}\n", expected);
    assert_string_equal(behind_timestamp(line, "{\"ts\":\"", "\","), wanted);
}

static void an_event_is_one_write_of_one_line_with_its_fields_in_order(void **state)
{
    (void)state;
    cleanup(capture_close) struct capture capture;
    capture_open(&capture);
    const struct log log = {.fd = capture.write_fd, .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_LOGFMT};
    log_event(&log, LOG_LEVEL_WARN, "slow round", {"stage", "tcp"}, {"error", "timed out"});
    char line[CAPTURE_MAX];
    capture_read(&capture, line);
    assert_string_equal(behind_timestamp(line, "ts=", " "),
                        "level=warn msg=\"slow round\" stage=tcp error=\"timed out\"\n");
    capture_read(&capture, line);
    assert_string_equal(line, "");
}

static void an_event_needs_no_fields(void **state)
{
    (void)state;
    cleanup(capture_close) struct capture capture;
    capture_open(&capture);
    const struct log log = {.fd = capture.write_fd, .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_JSON};
    log_write(&log, LOG_LEVEL_ERROR, "gone", NULL, 0);
    char line[CAPTURE_MAX];
    capture_read(&capture, line);
    assert_string_equal(behind_timestamp(line, "{\"ts\":\"", "\","), "\"level\":\"error\",\"msg\":\"gone\"}\n");
}

static void the_timestamp_is_the_present(void **state)
{
    (void)state;
    cleanup(capture_close) struct capture capture;
    capture_open(&capture);
    const struct log log = {.fd = capture.write_fd, .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_LOGFMT};
    char before[CLOCK_TEXT_MAX];
    char after[CLOCK_TEXT_MAX];
    clock_rfc3339(clock_now().realtime_ns, before);
    log_write(&log, LOG_LEVEL_INFO, "now", NULL, 0);
    clock_rfc3339(clock_now().realtime_ns, after);
    char line[CAPTURE_MAX];
    capture_read(&capture, line);
    const size_t to_the_second = strlen("2026-11-22T19:04:12");
    assert_true(memcmp(line + strlen("ts="), before, to_the_second) >= 0);
    assert_true(memcmp(line + strlen("ts="), after, to_the_second) <= 0);
}

static void events_below_the_level_are_dropped(void **state)
{
    (void)state;
    cleanup(capture_close) struct capture capture;
    capture_open(&capture);
    const struct log log = {.fd = capture.write_fd, .level = LOG_LEVEL_WARN, .format = LOG_FORMAT_LOGFMT};
    log_write(&log, LOG_LEVEL_DEBUG, "one", NULL, 0);
    log_write(&log, LOG_LEVEL_INFO, "two", NULL, 0);
    char line[CAPTURE_MAX];
    capture_read(&capture, line);
    assert_string_equal(line, "");
    log_write(&log, LOG_LEVEL_WARN, "three", NULL, 0);
    capture_read(&capture, line);
    assert_string_equal(behind_timestamp(line, "ts=", " "), "level=warn msg=three\n");
}

static void every_level_has_its_name(void **state)
{
    (void)state;
    const char *const lines[] = {"level=debug msg=m\n", "level=info msg=m\n", "level=warn msg=m\n",
                                 "level=error msg=m\n"};
    cleanup(capture_close) struct capture capture;
    capture_open(&capture);
    const struct log log = {.fd = capture.write_fd, .level = LOG_LEVEL_DEBUG, .format = LOG_FORMAT_LOGFMT};
    for (enum log_level level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++) {
        log_write(&log, level, "m", NULL, 0);
        char line[CAPTURE_MAX];
        capture_read(&capture, line);
        assert_string_equal(behind_timestamp(line, "ts=", " "), lines[level]);
    }
}

static void logfmt_quotes_a_value_only_when_it_must(void **state)
{
    (void)state;
    assert_logfmt_value("127.0.0.1:8080", "127.0.0.1:8080");
    assert_logfmt_value("naïve", "naïve");
    assert_logfmt_value("a\\b", "a\\b");
    assert_logfmt_value("", "\"\"");
    assert_logfmt_value("a b", "\"a b\"");
    assert_logfmt_value("a=b", "\"a=b\"");
    assert_logfmt_value("say \"\\\"", "\"say \\\"\\\\\\\"\"");
    assert_logfmt_value("a\nb\rc\td", "\"a\\nb\\rc\\td\"");
}

static void json_escapes_what_would_end_the_text(void **state)
{
    (void)state;
    assert_json_value("", "");
    assert_json_value("say \"\\\"", "say \\\"\\\\\\\"");
    assert_json_value("a\nb\rc\td\x01", "a\\nb\\rc\\td\\u0001");
}

static void no_value_can_command_the_terminal(void **state)
{
    (void)state;
    assert_logfmt_value("\x1b[31m\x7f", "\"\\u001b[31m\\u007f\"");
    assert_json_value("\x1b[31m\x7f", "\\u001b[31m\\u007f");
    assert_logfmt_value("\xc2\x9b", "\"\\u009b\"");
    assert_json_value("\xc2\x9b\xc2\xa0", "\\u009b\xc2\xa0");
}

static void bad_utf8_is_repaired(void **state)
{
    (void)state;
    assert_logfmt_value("a\xff", "a\xef\xbf\xbd");
    assert_json_value("\x9b\xc2", "\xef\xbf\xbd\xef\xbf\xbd");
}

static void a_value_that_is_too_long_is_cut_and_says_so(void **state)
{
    (void)state;
    char value[VALUE_MAX + 1];
    char expected[VALUE_MAX + 4];
    memset(value, 'x', VALUE_MAX);
    value[VALUE_MAX] = '\0';
    assert_logfmt_value(value, value);

    char longer[VALUE_MAX + 2];
    (void)snprintf(longer, sizeof(longer), "%sy", value);
    (void)snprintf(expected, sizeof(expected), "%s...", value);
    assert_logfmt_value(longer, expected);
}

static void a_line_that_is_too_long_or_cannot_be_written_is_lost_without_harm(void **state)
{
    (void)state;
    cleanup(capture_close) struct capture capture;
    capture_open(&capture);
    const struct log log = {.fd = capture.write_fd, .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_JSON};
    char value[VALUE_MAX + 1];
    memset(value, '\x01', VALUE_MAX); /* six bytes each in the line */
    value[VALUE_MAX] = '\0';
    log_event(&log, LOG_LEVEL_INFO, "huge", {"a", value}, {"b", value}, {"c", value});
    char line[CAPTURE_MAX];
    capture_read(&capture, line);
    assert_string_equal(line, "");

    const struct log closed = {.fd = -1, .level = LOG_LEVEL_INFO, .format = LOG_FORMAT_LOGFMT};
    log_write(&closed, LOG_LEVEL_ERROR, "nobody hears", NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_write_of_one_line_with_its_fields_in_order),
        cmocka_unit_test(an_event_needs_no_fields),
        cmocka_unit_test(the_timestamp_is_the_present),
        cmocka_unit_test(events_below_the_level_are_dropped),
        cmocka_unit_test(every_level_has_its_name),
        cmocka_unit_test(logfmt_quotes_a_value_only_when_it_must),
        cmocka_unit_test(json_escapes_what_would_end_the_text),
        cmocka_unit_test(no_value_can_command_the_terminal),
        cmocka_unit_test(bad_utf8_is_repaired),
        cmocka_unit_test(a_value_that_is_too_long_is_cut_and_says_so),
        cmocka_unit_test(a_line_that_is_too_long_or_cannot_be_written_is_lost_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
