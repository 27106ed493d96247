#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "question.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void a_port_that_nobody_has_is_free(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "8080", .binds = WORLD("0.0.0.0 reuseaddr ok", ":: reuseaddr ok"));
    assert_verdict(&verdict, VERDICT_FREE, CAUSE_NONE);
    assert_int_equal(verdict.holder_count, 0);
    assert_false(verdict.contradiction);
    assert_false(verdict.may_extend);
}

/* A table line, and the cause that it is of a plain bind's failure. */
static const struct {
    const char *line;
    enum cause cause;
} holders_and_causes[] = {
    {"listen 127.0.0.1", CAUSE_LISTENER},
    {"bound_inactive 127.0.0.1", CAUSE_BOUND},
    {"syn_sent 127.0.0.1 to 127.0.0.1 5432", CAUSE_OUTGOING},
    {"established 127.0.0.1 outbound", CAUSE_OUTGOING},
    {"close_wait 127.0.0.1 outbound", CAUSE_OUTGOING},
    {"established 127.0.0.1 inbound", CAUSE_CONNECTED},
    {"close_wait 127.0.0.1 inbound", CAUSE_CONNECTED},
    {"syn_recv 127.0.0.1 inode 7", CAUSE_CONNECTED},
    {"syn_recv 127.0.0.1", CAUSE_CONNECTED},
    {"fin_wait1 127.0.0.1", CAUSE_CLOSING},
    {"fin_wait2 127.0.0.1", CAUSE_CLOSING},
    {"fin_wait2 127.0.0.1 orphan left 41700", CAUSE_CLOSING},
    {"closing 127.0.0.1", CAUSE_CLOSING},
    {"last_ack 127.0.0.1", CAUSE_CLOSING},
    {"time_wait 127.0.0.1 left 41700", CAUSE_TIME_WAIT},
};

static void whatever_holds_the_port_is_the_cause_when_both_binds_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(holders_and_causes); i++) {
        cleanup(verdict_done) struct verdict verdict =
            ask(.endpoint = "127.0.0.1:8080", .table = WORLD(holders_and_causes[i].line),
                .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"));
        assert_verdict(&verdict, VERDICT_HELD, holders_and_causes[i].cause);
        assert_int_equal(verdict.holder_count, 1);
        assert_false(verdict.contradiction);
    }
}

static void whatever_lets_a_reuseaddr_bind_pass_is_the_cause_all_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(holders_and_causes); i++) {
        if (holders_and_causes[i].cause == CAUSE_LISTENER)
            continue;
        cleanup(verdict_done) struct verdict verdict =
            ask(.endpoint = "127.0.0.1:8080", .table = WORLD(holders_and_causes[i].line), .asker = JUDGE_FOR_WHY,
                .binds = WORLD("127.0.0.1 plain EADDRINUSE", "127.0.0.1 reuseaddr ok"));
        assert_verdict(&verdict, VERDICT_REUSABLE, holders_and_causes[i].cause);
    }
}

static void the_first_of_several_causes_is_named_and_all_holders_are_shown(void **state)
{
    (void)state;
    static const char *const lines[] = {"time_wait 127.0.0.1 x9",          "last_ack 127.0.0.1 x8",
                                        "close_wait 127.0.0.1 inbound x7", "syn_sent 127.0.0.1 x6",
                                        "bound_inactive 127.0.0.1 x5",     "listen 127.0.0.1"};
    static const enum cause causes[] = {CAUSE_TIME_WAIT, CAUSE_CLOSING, CAUSE_CONNECTED,
                                        CAUSE_OUTGOING,  CAUSE_BOUND,   CAUSE_LISTENER};
    const char *table[COUNT_OF(lines) + 1] = {0};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        table[i] = lines[i];
        cleanup(verdict_done) struct verdict verdict =
            ask(.endpoint = "127.0.0.1:8080", .table = table, .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"));
        assert_verdict(&verdict, VERDICT_HELD, causes[i]);
        assert_int_equal(verdict.holder_count, i + 1);
        for (size_t n = 0; n <= i; n++)
            assert_int_equal(verdict.holders[n].count, n == 0 && causes[i] == CAUSE_LISTENER ? 1 : 9 - i + n);
    }
}

static void a_failure_that_no_socket_explains_is_unseen(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = WORLD("listen 127.0.0.2"),
            .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"), .hides_bound = true);
    assert_verdict(&verdict, VERDICT_HELD, CAUSE_UNSEEN);
    assert_true(verdict.contradiction);
}

static void the_worse_of_two_addresses_counts_for_each_option(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict held = ask(.endpoint = "8080", .table = WORLD("listen ::1"),
                                                    .binds = WORLD("0.0.0.0 reuseaddr ok", ":: reuseaddr EADDRINUSE"));
    assert_verdict(&held, VERDICT_HELD, CAUSE_LISTENER);
    cleanup(verdict_done) struct verdict reusable = ask(.endpoint = "8080", .table = WORLD("time_wait ::1 v6only"),
                                                        .binds = WORLD("0.0.0.0 reuseaddr ok", ":: reuseaddr ok"));
    assert_verdict(&reusable, VERDICT_REUSABLE, CAUSE_TIME_WAIT);
}

static void of_holders_with_one_cause_the_more_numerous_come_first(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "0.0.0.0:8080", .binds = WORLD("0.0.0.0 reuseaddr EADDRINUSE"),
            .table = WORLD("time_wait 127.0.0.1 x2", "time_wait 127.0.0.2 x9", "time_wait 127.0.0.3 x4"));
    assert_int_equal(verdict.holder_count, 3);
    assert_int_equal(verdict.holders[0].count, 9);
    assert_int_equal(verdict.holders[1].count, 4);
    assert_int_equal(verdict.holders[2].count, 2);
}

/* What is certain explains the failure, so the doubtful one does not. */
static void a_doubtful_holder_is_named_only_where_no_certain_one_explains_the_failure(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict beside =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("established ::1 inbound", "time_wait 127.0.0.1 left 40000"),
            .binds = WORLD("0.0.0.0 reuseaddr EADDRINUSE"));
    assert_verdict(&beside, VERDICT_HELD, CAUSE_TIME_WAIT);
    assert_int_equal(beside.holder_count, 1);
    cleanup(verdict_done) struct verdict alone =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("established ::1 inbound"),
            .binds = WORLD("0.0.0.0 reuseaddr EADDRINUSE"));
    assert_verdict(&alone, VERDICT_HELD, CAUSE_CONNECTED);
    assert_int_equal(alone.holder_count, 1);
}

/* Measured: until their timers end, they stand in the table and are in the way of no bind. */
static void connections_that_a_dead_listener_was_accepting_do_not_make_a_port_reusable(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = WORLD("syn_recv 127.0.0.1 x3"),
            .binds = WORLD("127.0.0.1 reuseaddr ok"));
    assert_verdict(&verdict, VERDICT_UNKNOWN, CAUSE_UNKNOWN);
    assert_int_equal(verdict.holder_count, 0);
}

/* Of two that are perhaps in the way the request is the less likely one. */
static void a_request_is_not_the_cause_beside_a_time_wait(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("syn_recv 127.0.0.1 x9", "time_wait ::1"),
            .binds = WORLD("0.0.0.0 reuseaddr EADDRINUSE"));
    assert_verdict(&verdict, VERDICT_HELD, CAUSE_TIME_WAIT);
    assert_int_equal(verdict.holder_count, 2);
}

static void without_probing_the_table_decides_what_it_can(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict nobody = ask(.endpoint = "8080");
    assert_verdict(&nobody, VERDICT_FREE, CAUSE_NONE);
    cleanup(verdict_done) struct verdict listener = ask(.endpoint = "8080", .table = WORLD("listen 127.0.0.1"));
    assert_verdict(&listener, VERDICT_HELD, CAUSE_LISTENER);
    cleanup(verdict_done) struct verdict time_wait = ask(.endpoint = "8080", .table = WORLD("time_wait 127.0.0.1"));
    assert_verdict(&time_wait, VERDICT_UNKNOWN, CAUSE_TIME_WAIT);
    cleanup(verdict_done) struct verdict hidden = ask(.endpoint = "8080", .hides_bound = true);
    assert_verdict(&hidden, VERDICT_UNKNOWN, CAUSE_UNKNOWN);
}

static void udp_is_free_or_held_and_never_reusable(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict free =
        ask(.endpoint = "udp:8080", .table = WORLD("udp close ::1"), .binds = WORLD("0.0.0.0 plain ok", ":: plain ok"));
    assert_true(free.contradiction);
    cleanup(verdict_done) struct verdict held = ask(.endpoint = "udp:8080", .table = WORLD("udp close ::1"));
    assert_verdict(&held, VERDICT_HELD, CAUSE_BOUND);
    cleanup(verdict_done) struct verdict client =
        ask(.endpoint = "udp:127.0.0.1:8080", .table = WORLD("udp established 127.0.0.1 to 127.0.0.1 53"));
    assert_verdict(&client, VERDICT_HELD, CAUSE_BOUND);
    cleanup(verdict_done) struct verdict nobody = ask(.endpoint = "udp:8080", .hides_bound = true);
    assert_verdict(&nobody, VERDICT_FREE, CAUSE_NONE);
    cleanup(verdict_done) struct verdict refused = ask(.endpoint = "udp:53", .binds = WORLD("0.0.0.0 plain EACCES"));
    assert_verdict(&refused, VERDICT_UNKNOWN, CAUSE_PRIVILEGED);
}

static void a_connection_of_unknown_direction_is_judged_by_its_port(void **state)
{
    (void)state;
    struct kernel_settings settings = world_settings();
    port_set_add(&settings.reserved, 40000);
    const struct {
        const char *endpoint;
        enum cause cause;
    } cases[] = {
        {"127.0.0.1:8080", CAUSE_CONNECTED}, {"127.0.0.1:33333", CAUSE_OUTGOING}, {"127.0.0.1:40000", CAUSE_CONNECTED}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cleanup(verdict_done) struct verdict verdict =
            ask(.endpoint = cases[i].endpoint, .table = WORLD("established 127.0.0.1"), .settings = &settings,
                .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"));
        assert_verdict(&verdict, VERDICT_HELD, cases[i].cause);
        assert_true(judge_wants_closer_look(&verdict));
    }
}

static bool wants_closer_look(const char *const *table)
{
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = table, .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"));
    return judge_wants_closer_look(&verdict);
}

static void a_closer_look_is_wanted_only_where_it_can_change_the_verdict(void **state)
{
    (void)state;
    assert_true(wants_closer_look(NULL));
    assert_true(wants_closer_look(WORLD("close_wait 127.0.0.1")));
    assert_false(wants_closer_look(WORLD("established 127.0.0.1 inbound")));
    assert_false(wants_closer_look(WORLD("established 127.0.0.1", "listen 127.0.0.1")));
    assert_false(wants_closer_look(WORLD("established 127.0.0.1", "bound_inactive 127.0.0.1")));
    assert_false(wants_closer_look(WORLD("time_wait 127.0.0.1")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_that_nobody_has_is_free),
        cmocka_unit_test(whatever_holds_the_port_is_the_cause_when_both_binds_fail),
        cmocka_unit_test(whatever_lets_a_reuseaddr_bind_pass_is_the_cause_all_the_same),
        cmocka_unit_test(the_first_of_several_causes_is_named_and_all_holders_are_shown),
        cmocka_unit_test(a_failure_that_no_socket_explains_is_unseen),
        cmocka_unit_test(the_worse_of_two_addresses_counts_for_each_option),
        cmocka_unit_test(of_holders_with_one_cause_the_more_numerous_come_first),
        cmocka_unit_test(a_doubtful_holder_is_named_only_where_no_certain_one_explains_the_failure),
        cmocka_unit_test(connections_that_a_dead_listener_was_accepting_do_not_make_a_port_reusable),
        cmocka_unit_test(a_request_is_not_the_cause_beside_a_time_wait),
        cmocka_unit_test(without_probing_the_table_decides_what_it_can),
        cmocka_unit_test(udp_is_free_or_held_and_never_reusable),
        cmocka_unit_test(a_connection_of_unknown_direction_is_judged_by_its_port),
        cmocka_unit_test(a_closer_look_is_wanted_only_where_it_can_change_the_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
