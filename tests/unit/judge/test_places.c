#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "question.h"

static void a_failed_reuseaddr_bind_implies_a_failed_plain_one(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("time_wait 127.0.0.1"),
            .binds = WORLD("0.0.0.0 reuseaddr EADDRINUSE"));
    assert_binds(&verdict, WORLD("0.0.0.0 plain EADDRINUSE inferred", "0.0.0.0 reuseaddr EADDRINUSE performed"));
}

static void the_plain_bind_fails_for_the_same_reason(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.9:8080", .binds = WORLD("127.0.0.9 reuseaddr EADDRNOTAVAIL"));
    assert_binds(&verdict,
                 WORLD("127.0.0.9 plain EADDRNOTAVAIL inferred", "127.0.0.9 reuseaddr EADDRNOTAVAIL performed"));
}

static void a_plain_bind_works_when_the_reuseaddr_one_does_and_the_table_shows_nothing(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = WORLD("listen 127.0.0.2"), .binds = WORLD("127.0.0.1 reuseaddr ok"));
    assert_binds(&verdict, WORLD("127.0.0.1 plain ok inferred", "127.0.0.1 reuseaddr ok performed"));
}

static void a_plain_bind_fails_on_a_socket_that_lets_a_reuseaddr_bind_pass(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = WORLD("time_wait 127.0.0.1"),
            .binds = WORLD("127.0.0.1 reuseaddr ok"));
    assert_binds(&verdict, WORLD("127.0.0.1 plain EADDRINUSE inferred", "127.0.0.1 reuseaddr ok performed"));
}

static void what_only_perhaps_overlaps_leaves_the_plain_bind_open(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("time_wait ::1"), .binds = WORLD("0.0.0.0 reuseaddr ok"));
    assert_binds(&verdict, WORLD("0.0.0.0 reuseaddr ok performed"));
    assert_verdict(&verdict, VERDICT_UNKNOWN, CAUSE_UNKNOWN);
}

static void both_binds_of_why_are_shown_as_performed(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = WORLD("time_wait 127.0.0.1"), .asker = JUDGE_FOR_WHY,
            .binds = WORLD("127.0.0.1 plain EADDRINUSE", "127.0.0.1 reuseaddr ok"));
    assert_binds(&verdict, WORLD("127.0.0.1 plain EADDRINUSE performed", "127.0.0.1 reuseaddr ok performed"));
}

static void a_plain_bind_that_works_implies_that_a_reuseaddr_one_does(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .binds = WORLD("127.0.0.1 plain ok"), .hides_bound = true);
    assert_binds(&verdict, WORLD("127.0.0.1 plain ok performed", "127.0.0.1 reuseaddr ok inferred"));
}

static void without_a_bind_a_listener_refuses_both(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict = ask(.endpoint = "127.0.0.1:8080", .table = WORLD("listen 0.0.0.0"));
    assert_binds(&verdict, WORLD("127.0.0.1 plain EADDRINUSE inferred", "127.0.0.1 reuseaddr EADDRINUSE inferred"));
}

/* No table shows SO_REUSEADDR. */
static void without_a_bind_any_other_socket_refuses_the_plain_one_only(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = WORLD("time_wait 127.0.0.1"));
    assert_binds(&verdict, WORLD("127.0.0.1 plain EADDRINUSE inferred"));
}

static void without_a_bind_an_empty_table_lets_both_pass(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict = ask(.endpoint = "127.0.0.1:8080");
    assert_binds(&verdict, WORLD("127.0.0.1 plain ok inferred", "127.0.0.1 reuseaddr ok inferred"));
}

static void without_a_bind_a_table_that_hides_bound_sockets_says_nothing(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict = ask(.endpoint = "127.0.0.1:8080", .hides_bound = true);
    assert_binds(&verdict, WORLD(NULL));
}

static void udp_has_plain_binds_only(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "udp:8080", .table = WORLD("udp close 127.0.0.1"), .hides_bound = true);
    assert_binds(&verdict, WORLD("0.0.0.0 plain EADDRINUSE inferred", ":: plain EADDRINUSE inferred"));
}

static void both_addresses_of_an_endpoint_without_one_are_judged_each_for_itself(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "8080", .table = WORLD("listen :: v6only"),
            .binds = WORLD("0.0.0.0 reuseaddr ok", ":: reuseaddr EADDRINUSE"));
    assert_binds(&verdict, WORLD("0.0.0.0 plain ok inferred", ":: plain EADDRINUSE inferred",
                                 "0.0.0.0 reuseaddr ok performed", ":: reuseaddr EADDRINUSE performed"));
}

static void a_family_that_the_kernel_lacks_is_left_out(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "8080", .binds = WORLD("0.0.0.0 reuseaddr ok", ":: reuseaddr EAFNOSUPPORT"));
    assert_binds(&verdict, WORLD("0.0.0.0 plain ok inferred", "0.0.0.0 reuseaddr ok performed"));
    assert_verdict(&verdict, VERDICT_FREE, CAUSE_NONE);
}

static void a_family_that_was_asked_for_is_not_left_out(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "[::1]:8080", .binds = WORLD("::1 reuseaddr EAFNOSUPPORT"));
    assert_binds(&verdict, WORLD("::1 plain EAFNOSUPPORT inferred", "::1 reuseaddr EAFNOSUPPORT performed"));
    assert_verdict(&verdict, VERDICT_HELD, CAUSE_ADDRESS);
}

static void a_kernel_without_any_family_leaves_everything_unknown(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "8080", .binds = WORLD("0.0.0.0 reuseaddr EAFNOSUPPORT", ":: reuseaddr EAFNOSUPPORT"));
    assert_binds(&verdict, WORLD(NULL));
    assert_verdict(&verdict, VERDICT_UNKNOWN, CAUSE_UNKNOWN);
}

/* The table then does not say who is in the way of what. */
static void a_reuseaddr_bind_that_passed_a_listener_leaves_the_plain_one_open(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = WORLD("listen 127.0.0.1"), .binds = WORLD("127.0.0.1 reuseaddr ok"));
    assert_binds(&verdict, WORLD("127.0.0.1 reuseaddr ok performed"));
    assert_verdict(&verdict, VERDICT_UNKNOWN, CAUSE_UNKNOWN);
}

static bool contradicts(const char *const *table, const char *const *binds)
{
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = table, .binds = binds, .asker = JUDGE_FOR_WHY);
    assert_true(judge_wants_closer_look(&verdict) || !verdict.contradiction);
    return verdict.contradiction;
}

static void a_bind_and_a_table_that_do_not_fit_contradict_each_other(void **state)
{
    (void)state;
    assert_true(contradicts(NULL, WORLD("127.0.0.1 reuseaddr EADDRINUSE")));
    assert_true(contradicts(NULL, WORLD("127.0.0.1 plain EADDRINUSE")));
    assert_true(contradicts(WORLD("listen 127.0.0.2"), WORLD("127.0.0.1 reuseaddr EADDRINUSE")));
    assert_true(contradicts(WORLD("listen 127.0.0.1"), WORLD("127.0.0.1 reuseaddr ok")));
    assert_true(contradicts(WORLD("listen 127.0.0.1"), WORLD("127.0.0.1 plain ok")));
    assert_true(contradicts(WORLD("time_wait 127.0.0.1"), WORLD("127.0.0.1 plain ok")));
}

static void a_bind_and_a_table_that_fit_do_not_contradict_each_other(void **state)
{
    (void)state;
    assert_false(contradicts(NULL, NULL));
    assert_false(contradicts(NULL, WORLD("127.0.0.1 reuseaddr ok")));
    assert_false(contradicts(NULL, WORLD("127.0.0.1 plain ok", "127.0.0.1 reuseaddr ok")));
    assert_false(contradicts(WORLD("listen 127.0.0.1"), WORLD("127.0.0.1 reuseaddr EADDRINUSE")));
    assert_false(contradicts(WORLD("time_wait 127.0.0.1"), WORLD("127.0.0.1 reuseaddr ok")));
    assert_false(contradicts(WORLD("time_wait 127.0.0.1"), WORLD("127.0.0.1 reuseaddr EADDRINUSE")));
    assert_false(contradicts(WORLD("syn_recv 127.0.0.1"), WORLD("127.0.0.1 plain ok", "127.0.0.1 reuseaddr ok")));
    assert_false(contradicts(WORLD("listen 127.0.0.1"), WORLD("127.0.0.1 reuseaddr EACCES")));
    assert_false(contradicts(NULL, WORLD("127.0.0.1 reuseaddr EADDRNOTAVAIL")));
}

/* The world changed between the two binds: another look is due. */
static void a_plain_bind_that_works_where_the_reuseaddr_one_failed_is_a_contradiction(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("time_wait ::1"), .asker = JUDGE_FOR_WHY,
            .binds = WORLD("0.0.0.0 plain ok", "0.0.0.0 reuseaddr EADDRINUSE"));
    assert_true(verdict.contradiction);
    assert_true(judge_wants_closer_look(&verdict));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_reuseaddr_bind_implies_a_failed_plain_one),
        cmocka_unit_test(the_plain_bind_fails_for_the_same_reason),
        cmocka_unit_test(a_plain_bind_works_when_the_reuseaddr_one_does_and_the_table_shows_nothing),
        cmocka_unit_test(a_plain_bind_fails_on_a_socket_that_lets_a_reuseaddr_bind_pass),
        cmocka_unit_test(what_only_perhaps_overlaps_leaves_the_plain_bind_open),
        cmocka_unit_test(both_binds_of_why_are_shown_as_performed),
        cmocka_unit_test(a_plain_bind_that_works_implies_that_a_reuseaddr_one_does),
        cmocka_unit_test(without_a_bind_a_listener_refuses_both),
        cmocka_unit_test(without_a_bind_any_other_socket_refuses_the_plain_one_only),
        cmocka_unit_test(without_a_bind_an_empty_table_lets_both_pass),
        cmocka_unit_test(without_a_bind_a_table_that_hides_bound_sockets_says_nothing),
        cmocka_unit_test(udp_has_plain_binds_only),
        cmocka_unit_test(both_addresses_of_an_endpoint_without_one_are_judged_each_for_itself),
        cmocka_unit_test(a_family_that_the_kernel_lacks_is_left_out),
        cmocka_unit_test(a_family_that_was_asked_for_is_not_left_out),
        cmocka_unit_test(a_kernel_without_any_family_leaves_everything_unknown),
        cmocka_unit_test(a_reuseaddr_bind_that_passed_a_listener_leaves_the_plain_one_open),
        cmocka_unit_test(a_bind_and_a_table_that_do_not_fit_contradict_each_other),
        cmocka_unit_test(a_bind_and_a_table_that_fit_do_not_contradict_each_other),
        cmocka_unit_test(a_plain_bind_that_works_where_the_reuseaddr_one_failed_is_a_contradiction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
