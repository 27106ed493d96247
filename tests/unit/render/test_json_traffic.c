#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "json_text.h"
#include "report_sample.h"

static void assert_part(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no %s in %s", part, text);
}

static void the_fullest_destinations_are_listed_in_order(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report->netns.traffic.uncounted = 4;
    cleanup(cleanup_free) char *text = json_text_of_report(report);
    assert_part(text, "\"destinations\":["
                      "{\"protocol\":\"tcp\",\"source\":\"10.0.0.1\",\"destination\":\"10.0.0.5\","
                      "\"destination_port\":5432,\"used\":{\"live\":12,\"time_wait\":23444},\"usable\":28230,"
                      "\"time_wait_entered_total\":90000,\"time_wait_entered_per_second\":391.25,"
                      "\"exhausted_in_seconds\":371.5},"
                      "{\"protocol\":\"udp\",\"source\":\"fd00::1\",\"destination\":\"fd00::53\","
                      "\"destination_port\":53,\"used\":{\"live\":12,\"time_wait\":23444},\"usable\":28230,"
                      "\"time_wait_entered_total\":90000,\"time_wait_entered_per_second\":391.25,"
                      "\"exhausted_in_seconds\":null}"
                      "],\"destinations_uncounted_sockets\":4");
}

static void without_a_full_destination_the_list_is_empty(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report->netns.traffic.destination_count = 0;
    cleanup(cleanup_free) char *text = json_text_of_report(report);
    assert_part(text, "\"destinations\":[],");
}

static void a_port_without_a_counter_of_its_own_has_null(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    report_sample_port(report, "8080", VERDICT_FREE, CAUSE_NONE);
    struct report_port *counted = report_sample_port(report, "8081", VERDICT_FREE, CAUSE_NONE);
    counted->entered_known = true;
    counted->time_wait_entered_total = 5000000000;
    cleanup(cleanup_free) char *without = json_text_of_row(report, 0);
    cleanup(cleanup_free) char *with = json_text_of_row(report, 1);
    assert_part(without, "\"time_wait_entered_total\":null,");
    assert_part(with, "\"time_wait_entered_total\":5000000000,");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_fullest_destinations_are_listed_in_order),
        cmocka_unit_test(without_a_full_destination_the_list_is_empty),
        cmocka_unit_test(a_port_without_a_counter_of_its_own_has_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
