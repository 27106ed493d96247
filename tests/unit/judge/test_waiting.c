#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "question.h"

#define LATENESS_MS 100
/* One step of the wheel's level for 60 s at 250 Hz: 512 jiffies of 4 ms; and one jiffy. */
#define SLACK_MS (2052 + LATENESS_MS)

#define assert_after(frees, expected_ms)                                                                               \
    do {                                                                                                               \
        assert_int_equal((frees).kind, FREES_AFTER);                                                                   \
        assert_float_equal((frees).seconds, (double)(expected_ms) / 1000, 1e-9);                                       \
    } while (0)
#define assert_never(frees) assert_int_equal((frees).kind, FREES_NEVER)
#define assert_not_known(frees) assert_int_equal((frees).kind, FREES_NOT_KNOWN)

static struct verdict held_by(const char *const *table)
{
    return ask(.endpoint = "127.0.0.1:8080", .table = table, .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"));
}

static struct verdict reusable_on(const char *const *table)
{
    return ask(.endpoint = "127.0.0.1:8080", .table = table, .binds = WORLD("127.0.0.1 reuseaddr ok"));
}

static void a_free_port_is_free_now(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict = reusable_on(NULL);
    assert_after(verdict.plain, 0);
    assert_after(verdict.reuseaddr, 0);
}

static void time_wait_frees_when_the_longest_is_gone_and_its_timer_has_fired(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict = held_by(
        WORLD("time_wait 127.0.0.1 x3 left 20000", "time_wait ::ffff:127.0.0.1 left 41700", "time_wait 127.0.0.1"));
    assert_verdict(&verdict, VERDICT_HELD, CAUSE_TIME_WAIT);
    assert_after(verdict.plain, 41700 + SLACK_MS);
    assert_after(verdict.reuseaddr, 41700 + SLACK_MS);
    assert_false(verdict.may_extend);
}

/* Its timer is due and has not fired: the wheel is coarse, and until then the socket blocks. */
static void a_time_wait_whose_time_is_over_may_last_for_the_slack(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict = held_by(WORLD("time_wait 127.0.0.1 left 0"));
    assert_after(verdict.plain, SLACK_MS);
}

static void a_time_wait_elsewhere_does_not_delay(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        held_by(WORLD("time_wait 127.0.0.1 left 10000", "time_wait 127.0.0.2 left 50000", "time_wait ::1 left 50000"));
    assert_after(verdict.plain, 10000 + SLACK_MS);
}

static void what_is_reusable_is_free_now_for_a_bind_with_the_option(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict = reusable_on(WORLD("time_wait 127.0.0.1 left 30000"));
    assert_verdict(&verdict, VERDICT_REUSABLE, CAUSE_TIME_WAIT);
    assert_after(verdict.plain, 30000 + SLACK_MS);
    assert_after(verdict.reuseaddr, 0);
}

static void waiting_does_not_help_while_a_socket_lives(void **state)
{
    (void)state;
    static const char *const live[] = {"listen 127.0.0.1",
                                       "bound_inactive 127.0.0.1",
                                       "syn_sent 127.0.0.1",
                                       "established 127.0.0.1 outbound",
                                       "close_wait 127.0.0.1 inbound",
                                       "fin_wait1 127.0.0.1",
                                       "fin_wait2 127.0.0.1 inode 7",
                                       "closing 127.0.0.1",
                                       "last_ack 127.0.0.1"};
    for (size_t i = 0; i < sizeof(live) / sizeof(live[0]); i++) {
        cleanup(verdict_done) struct verdict alone = held_by(WORLD(live[i]));
        assert_never(alone.plain);
        assert_never(alone.reuseaddr);
        cleanup(verdict_done) struct verdict beside = held_by(WORLD(live[i], "time_wait 127.0.0.1 left 30000"));
        assert_never(beside.plain);
    }
}

/* Each of the two may be the one without SO_REUSEADDR. */
static void with_the_option_it_is_not_known_which_of_a_live_socket_and_a_time_wait_blocks(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict live =
        held_by(WORLD("established 127.0.0.1 inbound", "time_wait 127.0.0.1 left 30000"));
    assert_not_known(live.reuseaddr);
    cleanup(verdict_done) struct verdict listener =
        held_by(WORLD("listen 127.0.0.1", "time_wait 127.0.0.1 left 30000"));
    assert_never(listener.reuseaddr);
}

static void an_orphaned_fin_wait2_frees_by_its_timer_and_may_extend(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict = held_by(WORLD("fin_wait2 127.0.0.1 orphan left 12000"));
    assert_verdict(&verdict, VERDICT_HELD, CAUSE_CLOSING);
    assert_after(verdict.plain, 12000 + SLACK_MS);
    assert_true(verdict.may_extend);
}

/* The timer of 3 s: 750 jiffies, level 2, steps of 64 jiffies. */
static void a_fin_wait2_has_the_slack_of_its_own_timer(void **state)
{
    (void)state;
    struct kernel_settings settings = world_settings();
    settings.fin_timeout_seconds = 3;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = WORLD("fin_wait2 127.0.0.1 orphan left 2000"), .settings = &settings,
            .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"));
    assert_after(verdict.plain, 2000 + (64 + 1) * 4 + LATENESS_MS);
}

static void tcp_fin_timeout_does_not_matter_to_a_time_wait(void **state)
{
    (void)state;
    struct kernel_settings settings = world_settings();
    settings.fin_timeout_seconds = 3;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = WORLD("time_wait 127.0.0.1 left 2000"), .settings = &settings,
            .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"));
    assert_after(verdict.plain, 2000 + SLACK_MS);
}

/* It was armed before the setting was lowered, or by TCP_LINGER2. */
static void a_fin_wait2_that_outlasts_the_setting_was_armed_for_longer(void **state)
{
    (void)state;
    struct kernel_settings settings = world_settings();
    settings.fin_timeout_seconds = 3;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .table = WORLD("fin_wait2 127.0.0.1 orphan left 55000"),
            .settings = &settings, .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"));
    assert_after(verdict.plain, 55000 + SLACK_MS);
}

static void nothing_extends_where_waiting_does_not_help(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        held_by(WORLD("listen 127.0.0.1", "fin_wait2 127.0.0.1 orphan left 12000"));
    assert_never(verdict.plain);
    assert_false(verdict.may_extend);
    cleanup(verdict_done) struct verdict reusable =
        reusable_on(WORLD("last_ack 127.0.0.1", "fin_wait2 127.0.0.1 orphan left 12000"));
    assert_never(reusable.plain);
    assert_after(reusable.reuseaddr, 0);
    assert_false(reusable.may_extend);
}

static void a_refusal_that_is_not_about_sockets_does_not_end_by_waiting(void **state)
{
    (void)state;
    static const char *const refusals[] = {"127.0.0.1 reuseaddr EPERM", "127.0.0.1 reuseaddr EADDRNOTAVAIL",
                                           "127.0.0.1 reuseaddr EACCES"};
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        cleanup(verdict_done) struct verdict verdict =
            ask(.endpoint = "127.0.0.1:80", .table = WORLD("time_wait 127.0.0.1 port 80 left 30000"),
                .asker = JUDGE_FOR_WHY, .binds = WORLD(refusals[i]));
        assert_string_equal(verdict_kind_name(verdict.kind), "held");
        assert_never(verdict.plain);
        assert_never(verdict.reuseaddr);
    }
}

/* The service has the rights that the agent lacks. */
static void for_the_agent_a_privileged_port_frees_with_its_time_wait(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:80", .table = WORLD("time_wait 127.0.0.1 port 80 left 30000"),
            .binds = WORLD("127.0.0.1 reuseaddr EACCES"));
    assert_after(verdict.plain, 30000 + SLACK_MS);
    assert_not_known(verdict.reuseaddr);
}

static void nothing_is_said_of_the_time_where_nobody_is_seen(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict unseen = held_by(NULL);
    assert_not_known(unseen.plain);
    assert_not_known(unseen.reuseaddr);
    cleanup(verdict_done) struct verdict privileged =
        ask(.endpoint = "127.0.0.1:80", .binds = WORLD("127.0.0.1 reuseaddr EACCES"));
    assert_not_known(privileged.plain);
    assert_not_known(privileged.reuseaddr);
}

static void one_address_held_by_nobody_seen_leaves_the_time_of_both_open(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "8080", .table = WORLD("time_wait ::1 v6only left 30000"),
            .binds = WORLD("0.0.0.0 reuseaddr EADDRINUSE", ":: reuseaddr EADDRINUSE"));
    assert_verdict(&verdict, VERDICT_HELD, CAUSE_TIME_WAIT);
    assert_true(verdict.contradiction);
    assert_not_known(verdict.plain);
}

static void with_two_addresses_the_later_counts(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "8080", .table = WORLD("time_wait ::1 left 30000", "time_wait 127.0.0.1 left 10000"),
            .binds = WORLD("0.0.0.0 reuseaddr EADDRINUSE", ":: reuseaddr EADDRINUSE"));
    assert_after(verdict.plain, 30000 + SLACK_MS);
}

/* Whether the connection of [::1] blocks 0.0.0.0 depends on an IPV6_V6ONLY that no table shows. */
static void a_doubtful_holder_that_would_change_the_time_makes_it_unknown(void **state)
{
    (void)state;
    const char *const *const binds = WORLD("0.0.0.0 reuseaddr EADDRINUSE");
    cleanup(verdict_done) struct verdict live =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("established ::1 inbound", "time_wait 127.0.0.1 left 30000"),
            .binds = binds);
    assert_not_known(live.plain);
    cleanup(verdict_done) struct verdict longer =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("time_wait ::1 left 40000", "time_wait 127.0.0.1 left 30000"),
            .binds = binds);
    assert_not_known(longer.plain);
    cleanup(verdict_done) struct verdict shorter =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("time_wait ::1 left 20000", "time_wait 127.0.0.1 left 30000"),
            .binds = binds);
    assert_after(shorter.plain, 30000 + SLACK_MS);
    cleanup(verdict_done) struct verdict alone =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("time_wait ::1 left 40000"), .binds = binds);
    assert_after(alone.plain, 40000 + SLACK_MS);
}

/* They share an address, and only some may be of a server that serves both families. */
static void doubtful_holders_of_one_kind_have_a_time_when_they_go_together(void **state)
{
    (void)state;
    const char *const *const binds = WORLD("0.0.0.0 reuseaddr EADDRINUSE");
    cleanup(verdict_done) struct verdict apart =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("time_wait ::1 left 40000", "time_wait ::1 left 31000"),
            .binds = binds);
    assert_not_known(apart.plain);
    cleanup(verdict_done) struct verdict together =
        ask(.endpoint = "0.0.0.0:8080", .table = WORLD("time_wait ::1 left 40000", "time_wait ::1 left 39800"),
            .binds = binds);
    assert_after(together.plain, 40000 + SLACK_MS);
    cleanup(verdict_done) struct verdict sure =
        ask(.endpoint = "8080", .table = WORLD("time_wait ::1 left 40000", "time_wait ::1 left 31000"),
            .binds = WORLD("0.0.0.0 reuseaddr EADDRINUSE", ":: reuseaddr EADDRINUSE"));
    assert_after(sure.plain, 40000 + SLACK_MS);
}

static void udp_has_no_time_with_the_option_and_none_to_wait_for(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict held = ask(.endpoint = "udp:8080", .table = WORLD("udp close 127.0.0.1"));
    assert_never(held.plain);
    assert_not_known(held.reuseaddr);
    cleanup(verdict_done) struct verdict free = ask(.endpoint = "udp:8080");
    assert_after(free.plain, 0);
    assert_not_known(free.reuseaddr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_free_port_is_free_now),
        cmocka_unit_test(time_wait_frees_when_the_longest_is_gone_and_its_timer_has_fired),
        cmocka_unit_test(a_time_wait_whose_time_is_over_may_last_for_the_slack),
        cmocka_unit_test(a_time_wait_elsewhere_does_not_delay),
        cmocka_unit_test(what_is_reusable_is_free_now_for_a_bind_with_the_option),
        cmocka_unit_test(waiting_does_not_help_while_a_socket_lives),
        cmocka_unit_test(with_the_option_it_is_not_known_which_of_a_live_socket_and_a_time_wait_blocks),
        cmocka_unit_test(an_orphaned_fin_wait2_frees_by_its_timer_and_may_extend),
        cmocka_unit_test(a_fin_wait2_has_the_slack_of_its_own_timer),
        cmocka_unit_test(tcp_fin_timeout_does_not_matter_to_a_time_wait),
        cmocka_unit_test(a_fin_wait2_that_outlasts_the_setting_was_armed_for_longer),
        cmocka_unit_test(nothing_extends_where_waiting_does_not_help),
        cmocka_unit_test(a_refusal_that_is_not_about_sockets_does_not_end_by_waiting),
        cmocka_unit_test(for_the_agent_a_privileged_port_frees_with_its_time_wait),
        cmocka_unit_test(nothing_is_said_of_the_time_where_nobody_is_seen),
        cmocka_unit_test(one_address_held_by_nobody_seen_leaves_the_time_of_both_open),
        cmocka_unit_test(with_two_addresses_the_later_counts),
        cmocka_unit_test(a_doubtful_holder_that_would_change_the_time_makes_it_unknown),
        cmocka_unit_test(doubtful_holders_of_one_kind_have_a_time_when_they_go_together),
        cmocka_unit_test(udp_has_no_time_with_the_option_and_none_to_wait_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
