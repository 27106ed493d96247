#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "model/history.h"
#include "report_sample.h"

#define HOUR_NS (3600 * CLOCK_NS_PER_S)
#define INTERVAL_NS (5 * CLOCK_NS_PER_S)
#define STEP_SECONDS 30

static const struct endpoint tcp_8080 = {.protocol = PROTOCOL_TCP, .any_address = true, .port = 8080};

static struct history *new_history(int64_t span_ns, int64_t interval_ns)
{
    struct history *history = NULL;
    assert_int_equal(history_new(span_ns, interval_ns, &history), 0);
    return history;
}

/* A round at so many seconds, that found so many established connections on 8080/tcp. */
static struct report *round_at(double seconds, uint64_t established)
{
    struct report *report = report_sample_new();
    report->taken_at = (struct moment){.monotonic_ns = (int64_t)(seconds * CLOCK_NS_PER_S),
                                       .realtime_ns = (int64_t)(seconds * CLOCK_NS_PER_S) + HOUR_NS};
    struct report_port *port = report_sample_port(report, "8080", VERDICT_HELD, CAUSE_LISTENER);
    port->states[SOCK_ESTABLISHED] = established;
    return report;
}

static void add(struct history *history, struct report *report)
{
    assert_int_equal(history_add(history, report), 0);
    report_unref(report);
}

static size_t count_of(const struct history *history, enum protocol protocol, uint16_t port)
{
    cleanup(cleanup_free) struct history_sample *samples = NULL;
    size_t count = 0;
    struct endpoint endpoint = {.protocol = protocol, .port = port};
    int r = history_of(history, "self", &endpoint, &samples, &count);
    return r == -ENOENT ? 0 : count;
}

static void the_step_divides_the_span_and_is_no_shorter_than_the_interval(void **state)
{
    (void)state;
    cleanup(history_freep) struct history *usual = new_history(HOUR_NS, INTERVAL_NS);
    cleanup(history_freep) struct history *coarse = new_history(60 * CLOCK_NS_PER_S, INTERVAL_NS);
    assert_int_equal(history_step_ns(usual), STEP_SECONDS * CLOCK_NS_PER_S);
    assert_int_equal(history_step_ns(coarse), INTERVAL_NS);
    for (int i = 0; i < 50; i++)
        add(coarse, round_at(5.0 * i, 0));
    assert_int_equal(count_of(coarse, PROTOCOL_TCP, 8080), 60 / 5);
}

static void a_sample_shows_the_round_that_took_it(void **state)
{
    (void)state;
    cleanup(history_freep) struct history *history = new_history(HOUR_NS, INTERVAL_NS);
    struct report *report = round_at(7, 12);
    struct report_port *port = &report->netns.ports[0];
    struct holder *listener = report_sample_holder(port, SOCK_LISTEN, "0.0.0.0", 1);
    listener->queue_length = 3;
    listener->queue_limit = 128;
    port->states[SOCK_TIME_WAIT] = UINT64_C(5000000000);
    port->entered_known = true;
    port->time_wait_entered_total = 6000000000;
    add(history, report);

    cleanup(cleanup_free) struct history_sample *samples = NULL;
    size_t count = 0;
    assert_int_equal(history_of(history, "self", &tcp_8080, &samples, &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(samples[0].at_ns, HOUR_NS + 7 * CLOCK_NS_PER_S);
    assert_int_equal(samples[0].states[SOCK_ESTABLISHED], 12);
    assert_int_equal(samples[0].states[SOCK_TIME_WAIT], UINT32_MAX);
    assert_true(samples[0].entered_known);
    assert_int_equal(samples[0].time_wait_entered_total, 6000000000);
    assert_int_equal(samples[0].verdict, VERDICT_HELD);
    assert_true(samples[0].listening);
    assert_int_equal(samples[0].queue_length, 3);
    assert_int_equal(samples[0].queue_limit, 128);
}

static void rounds_between_two_steps_are_passed_over(void **state)
{
    (void)state;
    cleanup(history_freep) struct history *history = new_history(HOUR_NS, INTERVAL_NS);
    /* No round comes at its time to the nanosecond. */
    for (int i = 0; i < 61; i++)
        add(history, round_at(5.0 * i + (i % 3 - 1) * 0.01, (uint64_t)i));
    cleanup(cleanup_free) struct history_sample *samples = NULL;
    size_t count = 0;
    assert_int_equal(history_of(history, "self", &tcp_8080, &samples, &count), 0);
    assert_int_equal(count, 11);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(samples[i].states[SOCK_ESTABLISHED], 6 * i);
}

static void the_oldest_samples_give_way(void **state)
{
    (void)state;
    cleanup(history_freep) struct history *history = new_history(HOUR_NS, INTERVAL_NS);
    for (int i = 0; i < HISTORY_SAMPLES + 7; i++)
        add(history, round_at(STEP_SECONDS * i, (uint64_t)i));
    cleanup(cleanup_free) struct history_sample *samples = NULL;
    size_t count = 0;
    assert_int_equal(history_of(history, "self", &tcp_8080, &samples, &count), 0);
    assert_int_equal(count, HISTORY_SAMPLES);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(samples[i].states[SOCK_ESTABLISHED], i + 7);
}

static void a_round_that_failed_leaves_a_gap(void **state)
{
    (void)state;
    cleanup(history_freep) struct history *history = new_history(HOUR_NS, INTERVAL_NS);
    add(history, round_at(0, 1));
    for (int i = 1; i < 20; i++) {
        struct report *failed = report_sample_failed();
        failed->taken_at.monotonic_ns = i * INTERVAL_NS;
        add(history, failed);
    }
    add(history, round_at(100, 2));
    cleanup(cleanup_free) struct history_sample *samples = NULL;
    size_t count = 0;
    assert_int_equal(history_of(history, "self", &tcp_8080, &samples, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(samples[1].at_ns - samples[0].at_ns, 100 * CLOCK_NS_PER_S);
}

static void a_new_port_has_a_sample_at_once_and_a_forgotten_one_none(void **state)
{
    (void)state;
    cleanup(history_freep) struct history *history = new_history(HOUR_NS, INTERVAL_NS);
    add(history, round_at(0, 1));
    struct report *second = round_at(5, 2);
    report_sample_port(second, "9000", VERDICT_FREE, CAUSE_NONE);
    report_sample_port(second, "udp:53", VERDICT_HELD, CAUSE_BOUND);
    add(history, second);
    assert_int_equal(count_of(history, PROTOCOL_TCP, 8080), 1);
    assert_int_equal(count_of(history, PROTOCOL_TCP, 9000), 1);
    assert_int_equal(count_of(history, PROTOCOL_UDP, 53), 1);
    assert_int_equal(count_of(history, PROTOCOL_TCP, 53), 0);
    struct report *third = report_sample_new();
    third->taken_at.monotonic_ns = 10 * CLOCK_NS_PER_S;
    report_sample_port(third, "udp:53", VERDICT_HELD, CAUSE_BOUND);
    add(history, third);
    assert_int_equal(count_of(history, PROTOCOL_TCP, 8080), 0);
    assert_int_equal(count_of(history, PROTOCOL_TCP, 9000), 0);
    assert_int_equal(count_of(history, PROTOCOL_UDP, 53), 1);
}

/* A round that looked into another namespace, where 8080/tcp is tracked, too; failure: "" when it could. */
static struct report *round_with_other(double seconds, const char *failure)
{
    struct report *report = round_at(seconds, 1);
    report->others = calloc(1, sizeof(*report->others));
    assert_non_null(report->others);
    report->other_count = 1;
    struct report_netns *other = &report->others[0];
    (void)snprintf(other->name, sizeof(other->name), "web");
    (void)snprintf(other->failure, sizeof(other->failure), "%s", failure);
    other->ports = failure[0] == '\0' ? calloc(1, sizeof(*other->ports)) : NULL;
    other->port_count = other->ports != NULL;
    if (other->ports != NULL) {
        other->ports[0].verdict.endpoint = tcp_8080;
        other->ports[0].states[SOCK_ESTABLISHED] = 99;
    }
    return report;
}

static void each_namespace_has_a_history_of_its_own(void **state)
{
    (void)state;
    cleanup(history_freep) struct history *history = new_history(HOUR_NS, INTERVAL_NS);
    add(history, round_with_other(0, ""));
    add(history, round_with_other(30, "no CAP_SYS_ADMIN"));
    add(history, round_with_other(60, ""));
    cleanup(cleanup_free) struct history_sample *samples = NULL;
    size_t count = 0;
    assert_int_equal(history_of(history, "web", &tcp_8080, &samples, &count), 0);
    assert_int_equal(count, 2);
    assert_int_equal(samples[1].states[SOCK_ESTABLISHED], 99);
    assert_int_equal(count_of(history, PROTOCOL_TCP, 8080), 3);
    add(history, round_at(90, 1));
    struct history_sample *none = NULL;
    assert_int_equal(history_of(history, "web", &tcp_8080, &none, &count), -ENOENT);
    assert_int_equal(count_of(history, PROTOCOL_TCP, 8080), 4);
}

static void only_the_port_as_such_is_sampled_not_its_addresses(void **state)
{
    (void)state;
    cleanup(history_freep) struct history *history = new_history(HOUR_NS, INTERVAL_NS);
    struct report *report = round_at(0, 1);
    report_sample_port(report, "127.0.0.1:8080", VERDICT_FREE, CAUSE_NONE);
    report_sample_port(report, "[::1]:8080", VERDICT_FREE, CAUSE_NONE);
    add(history, report);
    assert_int_equal(count_of(history, PROTOCOL_TCP, 8080), 1);
}

static void the_bytes_of_a_port_are_what_the_header_says(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct history_sample), 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_step_divides_the_span_and_is_no_shorter_than_the_interval),
        cmocka_unit_test(a_sample_shows_the_round_that_took_it),
        cmocka_unit_test(rounds_between_two_steps_are_passed_over),
        cmocka_unit_test(the_oldest_samples_give_way),
        cmocka_unit_test(a_round_that_failed_leaves_a_gap),
        cmocka_unit_test(a_new_port_has_a_sample_at_once_and_a_forgotten_one_none),
        cmocka_unit_test(each_namespace_has_a_history_of_its_own),
        cmocka_unit_test(only_the_port_as_such_is_sampled_not_its_addresses),
        cmocka_unit_test(the_bytes_of_a_port_are_what_the_header_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
