#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "rendered_metrics.h"
#include "report_sample.h"
#include "scrape.h"

#define DATABASE "source=\"10.0.0.1\",destination=\"10.0.0.5\",destination_port=\"5432\""
#define RESOLVER "source=\"fd00::1\",destination=\"fd00::53\",destination_port=\"53\""

static void entries_are_counted_by_port_and_by_the_two_sums(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "# TYPE tidewait_port_time_wait_entered_total counter");
    assert_line(text, "tidewait_port_time_wait_entered_total{port=\"22\"} 2");
    assert_line(text, "tidewait_port_time_wait_entered_total{port=\"ephemeral\"} 90001");
    assert_line(text, "tidewait_port_time_wait_entered_total{port=\"other\"} 0");
    assert_line(text, "# TYPE tidewait_time_wait_missed_total counter");
    assert_line(text, "tidewait_time_wait_missed_total 5");
    assert_line(text, "tidewait_time_wait_ledger_exact 1");
}

static void a_ledger_that_had_no_room_says_so(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report->netns.traffic.exact = false;
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "tidewait_time_wait_ledger_exact 0");
}

static void a_destination_has_what_it_takes_by_state_and_what_it_could_take(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    cleanup(cleanup_free) char *text = rendered(report);
    assert_line(text, "tidewait_destination_ports_used{protocol=\"tcp\"," DATABASE ",state=\"live\"} 12");
    assert_line(text, "tidewait_destination_ports_used{protocol=\"tcp\"," DATABASE ",state=\"time_wait\"} 23444");
    assert_line(text, "tidewait_destination_ports_usable{protocol=\"tcp\"," DATABASE "} 28230");
    assert_line(text, "tidewait_destination_ports_usable{protocol=\"udp\"," RESOLVER "} 28230");
    assert_line(text, "tidewait_destination_time_wait_entered_total{protocol=\"tcp\"," DATABASE "} 90000");
    assert_line(text, "tidewait_destination_ports_used_max_ratio{protocol=\"tcp\"} 0.83");
    assert_line(text, "tidewait_destination_ports_used_max_ratio{protocol=\"udp\"} 0");
    assert_line(text, "tidewait_destination_uncounted_sockets 0");
}

static void udp_has_no_time_wait_to_enter(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    cleanup(cleanup_free) char *text = rendered(report);
    assert_absent(text, "tidewait_destination_time_wait_entered_total{protocol=\"udp\"");
}

static void what_is_not_known_is_absent(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_traffic *traffic = &report->netns.traffic;
    traffic->missed_total = KERNEL_UNKNOWN;
    traffic->used_max_ratio[PROTOCOL_TCP] = -1;
    traffic->used_max_ratio[PROTOCOL_UDP] = -1;
    cleanup(cleanup_free) char *text = rendered(report);
    assert_absent(text, "tidewait_time_wait_missed_total");
    assert_absent(text, "tidewait_destination_ports_used_max_ratio");
    assert_line(text, "tidewait_port_time_wait_entered_total{port=\"22\"} 2");
}

static void without_traffic_nothing_of_it_is_shown(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report->netns.traffic.known = false;
    cleanup(cleanup_free) char *text = rendered(report);
    assert_absent(text, "entered_total");
    assert_absent(text, "tidewait_time_wait_missed_total");
    assert_absent(text, "tidewait_time_wait_ledger_exact");
    assert_absent(text, "tidewait_destination_");
}

/* As strictly read: each family in one place, no series twice. */
static void as_many_destinations_as_are_shown_stand_in_order(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    struct report_traffic *traffic = &report->netns.traffic;
    for (size_t i = 0; i < REPORT_DESTINATIONS_MAX; i++) {
        traffic->destinations[i] = traffic->destinations[i % 2];
        traffic->destinations[i].counts.source.bytes[2] = (uint8_t)i;
    }
    traffic->destination_count = REPORT_DESTINATIONS_MAX;
    cleanup(cleanup_free) char *text = rendered(report);
    cleanup(scrape_done) struct scrape scrape;
    scrape_read(text, METRICS_PROMETHEUS, &scrape);
    assert_string_equal(scrape.problem, "");
    size_t used = 0;
    for (size_t i = 0; i < scrape.sample_count; i++)
        used += strcmp(scrape.samples[i].name, "tidewait_destination_ports_used") == 0;
    assert_int_equal(used, REPORT_DESTINATIONS_MAX * 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_counted_by_port_and_by_the_two_sums),
        cmocka_unit_test(a_ledger_that_had_no_room_says_so),
        cmocka_unit_test(a_destination_has_what_it_takes_by_state_and_what_it_could_take),
        cmocka_unit_test(udp_has_no_time_wait_to_enter),
        cmocka_unit_test(what_is_not_known_is_absent),
        cmocka_unit_test(without_traffic_nothing_of_it_is_shown),
        cmocka_unit_test(as_many_destinations_as_are_shown_stand_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
