#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "judge/summary.h"
#include "report_sample.h"

static struct report_port *add_port(struct report *report, const char *endpoint, enum verdict_kind kind,
                                    enum cause cause)
{
    return report_sample_port(report, endpoint, kind, cause);
}

/* No port, and no destination. */
static struct report *quiet_report(void)
{
    struct report *report = report_sample_new();
    report->netns.traffic.destination_count = 0;
    return report;
}

static void expect_line(const struct summary *summary, size_t index, enum summary_level level, const char *text)
{
    assert_in_range(index, 0, summary->count - 1);
    assert_string_equal(summary->lines[index].text, text);
    assert_int_equal(summary->lines[index].level, level);
}

/* The only line. */
static void expect(const struct report *report, enum summary_level level, const char *text)
{
    struct summary summary;
    summary_make(report, &summary);
    assert_int_equal(summary.count, 1);
    expect_line(&summary, 0, level, text);
}

static void where_every_port_is_free_one_line_says_so(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = quiet_report();
    expect(report, SUMMARY_FINE, "No port has a listener yet, and none is watched");
    (void)add_port(report, "9000", VERDICT_FREE, CAUSE_NONE);
    expect(report, SUMMARY_FINE, "The 1 tracked port can be bound");
    (void)add_port(report, "9001", VERDICT_FREE, CAUSE_NONE);
    expect(report, SUMMARY_FINE, "All 2 tracked ports can be bound");
}

static void a_server_in_its_place_is_no_trouble(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = quiet_report();
    add_port(report, "80", VERDICT_HELD, CAUSE_LISTENER)->expected = EXPECTED_LISTENING;
    (void)add_port(report, "9000", VERDICT_FREE, CAUSE_NONE);
    (void)add_port(report, "53/udp", VERDICT_HELD, CAUSE_BOUND);
    expect(report, SUMMARY_FINE, "Nothing is blocked: 2 of 3 tracked ports have their server, 1 is free");
}

static void a_blocked_port_is_told_with_its_holder_and_its_time(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = quiet_report();
    struct report_port *port = add_port(report, "8080", VERDICT_HELD, CAUSE_TIME_WAIT);
    port->verdict.plain = (struct frees){FREES_AFTER, 41};
    (void)report_sample_owner(report_sample_holder(port, SOCK_TIME_WAIT, "127.0.0.1", 3), "python3", 4127);
    expect(report, SUMMARY_PROBLEM, "8080/tcp is blocked by TIME_WAIT of python3 (4127)");
    struct summary summary;
    summary_make(report, &summary);
    assert_float_equal(summary.lines[0].frees_in_seconds, 41, 0.001);
    port->verdict.plain.kind = FREES_NEVER;
    summary_make(report, &summary);
    assert_true(summary.lines[0].frees_in_seconds < 0);
}

static void each_verdict_has_its_words(void **state)
{
    static const struct {
        const char *endpoint;
        enum verdict_kind kind;
        enum cause cause;
        enum expected expected;
        enum summary_level level;
        const char *text;
    } cases[] = {
        {"81", VERDICT_HELD, CAUSE_BOUND, EXPECTED_NOTHING, SUMMARY_PROBLEM,
         "81/tcp is blocked by a socket that does not listen"},
        {"81", VERDICT_HELD, CAUSE_ADDRESS, EXPECTED_NOTHING, SUMMARY_PROBLEM,
         "81/tcp cannot be bound: not an address of this network namespace"},
        {"81", VERDICT_REUSABLE, CAUSE_TIME_WAIT, EXPECTED_NOTHING, SUMMARY_WARNING,
         "81/tcp can be bound with SO_REUSEADDR only, because of TIME_WAIT"},
        {"81", VERDICT_UNKNOWN, CAUSE_PRIVILEGED, EXPECTED_NOTHING, SUMMARY_WARNING,
         "81/tcp cannot be judged: below the first unprivileged port"},
        {"81", VERDICT_FREE, CAUSE_NONE, EXPECTED_LISTENING, SUMMARY_PROBLEM,
         "81/tcp has no listener, though one is expected"},
        {"81", VERDICT_HELD, CAUSE_CONNECTED, EXPECTED_LISTENING, SUMMARY_PROBLEM,
         "81/tcp has no listener, though one is expected, and is blocked by connections still open"},
        {"81", VERDICT_REUSABLE, CAUSE_CLOSING, EXPECTED_LISTENING, SUMMARY_PROBLEM,
         "81/tcp has no listener, though one is expected, and can be bound with SO_REUSEADDR only, because of closing "
         "connections"},
        {"81", VERDICT_HELD, CAUSE_LISTENER, EXPECTED_FREE, SUMMARY_PROBLEM,
         "81/tcp is expected to be free, but is held by a listener"},
        {"[::1]:81", VERDICT_REUSABLE, CAUSE_TIME_WAIT, EXPECTED_FREE, SUMMARY_PROBLEM,
         "[::1]:81/tcp is expected to be free, but can be bound with SO_REUSEADDR only, because of TIME_WAIT"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup(report_sample_freep) struct report *report = quiet_report();
        add_port(report, cases[i].endpoint, cases[i].kind, cases[i].cause)->expected = cases[i].expected;
        expect(report, cases[i].level, cases[i].text);
    }
}

static void the_worst_comes_first_and_what_has_no_room_is_counted(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = quiet_report();
    (void)add_port(report, "1", VERDICT_REUSABLE, CAUSE_TIME_WAIT);
    (void)add_port(report, "2", VERDICT_HELD, CAUSE_BOUND);
    struct summary summary;
    summary_make(report, &summary);
    assert_int_equal(summary.left_out, 0);
    expect_line(&summary, 0, SUMMARY_PROBLEM, "2/tcp is blocked by a socket that does not listen");
    for (unsigned port = 3; port < 10; port++) {
        char text[8];
        (void)snprintf(text, sizeof(text), "%u", port);
        (void)add_port(report, text, VERDICT_HELD, CAUSE_BOUND);
    }
    summary_make(report, &summary);
    assert_int_equal(summary.count, SUMMARY_LINES_MAX);
    assert_int_equal(summary.left_out, 3);
    expect_line(&summary, 5, SUMMARY_PROBLEM, "7/tcp is blocked by a socket that does not listen");
}

static void expect_destination(uint32_t taken, double seconds, enum summary_level level, const char *text)
{
    cleanup(report_sample_freep) struct report *report = quiet_report();
    struct report_traffic *traffic = &report->netns.traffic;
    traffic->destination_count = 1;
    traffic->destinations[0] = (struct report_destination){
        .counts = {.destination = report_sample_address("10.0.0.5"), .port = 5432, .live = taken},
        .usable = 1000,
        .exhausted_in_seconds = seconds,
    };
    expect(report, level, text);
}

static void a_destination_that_fills_is_told_with_its_time(void **state)
{
    (void)state;
    const char *nothing = "No port has a listener yet, and none is watched";
    expect_destination(799, -1, SUMMARY_FINE, nothing);
    expect_destination(799, 601, SUMMARY_FINE, nothing);
    expect_destination(839, -1, SUMMARY_WARNING, "Ephemeral ports towards 10.0.0.5:5432 are 83 % used");
    expect_destination(830, 350, SUMMARY_PROBLEM,
                       "Ephemeral ports towards 10.0.0.5:5432 are 83 % used, full in about 6 min");
    expect_destination(300, 59, SUMMARY_PROBLEM,
                       "Ephemeral ports towards 10.0.0.5:5432 are 30 % used, full in less than a minute");
    expect_destination(999, 4000, SUMMARY_PROBLEM, "Ephemeral ports towards 10.0.0.5:5432 are 99 % used");
    expect_destination(1000, 0, SUMMARY_PROBLEM, "Every ephemeral port towards 10.0.0.5:5432 is used: connect() fails");
}

static void a_full_accept_queue_is_trouble(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = quiet_report();
    struct report_port *port = add_port(report, "80", VERDICT_HELD, CAUSE_LISTENER);
    struct holder *listener = report_sample_holder(port, SOCK_LISTEN, "0.0.0.0", 1);
    listener->queue_limit = 5;
    listener->queue_length = 5;
    expect(report, SUMMARY_FINE, "Nothing is blocked: the 1 tracked port has its server");
    listener->queue_length = 6;
    expect(report, SUMMARY_PROBLEM, "The accept queue of 80/tcp is full: 6 connections wait for accept()");
}

static void a_failed_round_is_all_that_is_told(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_failed();
    expect(report, SUMMARY_PROBLEM, "The latest round failed: the walk was interrupted: ENOBUFS");
}

static void another_namespace_is_named(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = quiet_report();
    (void)add_port(report, "81", VERDICT_HELD, CAUSE_BOUND);
    (void)snprintf(report->netns.name, sizeof(report->netns.name), "web");
    expect(report, SUMMARY_PROBLEM, "81/tcp in netns web is blocked by a socket that does not listen");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_every_port_is_free_one_line_says_so),
        cmocka_unit_test(a_server_in_its_place_is_no_trouble),
        cmocka_unit_test(a_blocked_port_is_told_with_its_holder_and_its_time),
        cmocka_unit_test(each_verdict_has_its_words),
        cmocka_unit_test(the_worst_comes_first_and_what_has_no_room_is_counted),
        cmocka_unit_test(a_destination_that_fills_is_told_with_its_time),
        cmocka_unit_test(a_full_accept_queue_is_trouble),
        cmocka_unit_test(a_failed_round_is_all_that_is_told),
        cmocka_unit_test(another_namespace_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
