#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "question.h"

static enum cause cause_beside_a_listener(const char *bind)
{
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:80", .table = WORLD("listen 127.0.0.1 port 80"), .binds = WORLD(bind));
    assert_string_equal(verdict_kind_name(verdict.kind), "held");
    assert_int_equal(verdict.holder_count, 1);
    return verdict.cause;
}

static void a_refusal_that_no_socket_explains_comes_before_every_holder(void **state)
{
    (void)state;
    assert_int_equal(cause_beside_a_listener("127.0.0.1 reuseaddr EPERM"), CAUSE_DENIED);
    assert_int_equal(cause_beside_a_listener("127.0.0.1 reuseaddr EADDRNOTAVAIL"), CAUSE_ADDRESS);
    assert_int_equal(cause_beside_a_listener("127.0.0.1 reuseaddr EACCES"), CAUSE_LISTENER);
    assert_int_equal(cause_beside_a_listener("127.0.0.1 reuseaddr EADDRINUSE"), CAUSE_LISTENER);
}

static void a_policy_comes_before_a_foreign_address(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "8080", .binds = WORLD("0.0.0.0 reuseaddr EADDRNOTAVAIL", ":: reuseaddr EPERM"));
    assert_verdict(&verdict, VERDICT_HELD, CAUSE_DENIED);
}

static void eacces_is_a_policy_where_the_port_number_does_not_explain_it(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict above =
        ask(.endpoint = "127.0.0.1:1024", .binds = WORLD("127.0.0.1 reuseaddr EACCES"));
    assert_verdict(&above, VERDICT_HELD, CAUSE_DENIED);
    struct kernel_settings settings = world_settings();
    settings.unprivileged_port_start = 80;
    cleanup(verdict_done) struct verdict lowered =
        ask(.endpoint = "127.0.0.1:80", .binds = WORLD("127.0.0.1 reuseaddr EACCES"), .settings = &settings);
    assert_verdict(&lowered, VERDICT_HELD, CAUSE_DENIED);
}

static void the_agent_does_not_know_whether_a_privileged_port_is_free_for_others(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "80", .binds = WORLD("0.0.0.0 reuseaddr EACCES", ":: reuseaddr EACCES"));
    assert_verdict(&verdict, VERDICT_UNKNOWN, CAUSE_PRIVILEGED);
}

static void for_who_asks_himself_a_privileged_port_is_held(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "80", .asker = JUDGE_FOR_WHY,
            .binds =
                WORLD("0.0.0.0 plain EACCES", "0.0.0.0 reuseaddr EACCES", ":: plain EACCES", ":: reuseaddr EACCES"));
    assert_verdict(&verdict, VERDICT_HELD, CAUSE_PRIVILEGED);
}

static void a_listener_on_a_privileged_port_is_the_cause_for_both(void **state)
{
    (void)state;
    for (enum judge_asker asker = JUDGE_FOR_AGENT; asker <= JUDGE_FOR_WHY; asker++) {
        cleanup(verdict_done) struct verdict verdict =
            ask(.endpoint = "80", .asker = asker, .table = WORLD("listen 127.0.0.1 port 80"),
                .binds = WORLD("0.0.0.0 reuseaddr EACCES", ":: reuseaddr EACCES"));
        assert_verdict(&verdict, VERDICT_HELD, CAUSE_LISTENER);
    }
}

/* The refusal hides whether SO_REUSEADDR would pass it. */
static void a_time_wait_on_a_privileged_port_is_the_cause_though_the_agent_cannot_finish_its_verdict(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict agent =
        ask(.endpoint = "127.0.0.1:80", .table = WORLD("time_wait 127.0.0.1 port 80"),
            .binds = WORLD("127.0.0.1 reuseaddr EACCES"));
    assert_verdict(&agent, VERDICT_UNKNOWN, CAUSE_TIME_WAIT);
    cleanup(verdict_done) struct verdict why =
        ask(.endpoint = "127.0.0.1:80", .table = WORLD("time_wait 127.0.0.1 port 80"), .asker = JUDGE_FOR_WHY,
            .binds = WORLD("127.0.0.1 reuseaddr EACCES"));
    assert_verdict(&why, VERDICT_HELD, CAUSE_TIME_WAIT);
}

static void a_socket_elsewhere_does_not_explain_a_privileged_port(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:80", .table = WORLD("listen 127.0.0.2 port 80"),
            .binds = WORLD("127.0.0.1 reuseaddr EACCES"));
    assert_verdict(&verdict, VERDICT_UNKNOWN, CAUSE_PRIVILEGED);
    assert_int_equal(verdict.holder_count, 0);
}

/* Memory ran out, or a sandbox answered: that says nothing of the port. */
static void an_errno_that_is_not_about_the_port_decides_nothing(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        ask(.endpoint = "127.0.0.1:8080", .binds = WORLD("127.0.0.1 reuseaddr ENOMEM"));
    assert_verdict(&verdict, VERDICT_UNKNOWN, CAUSE_UNKNOWN);
    assert_int_equal(verdict.plain.kind, FREES_NOT_KNOWN);
    cleanup(verdict_done) struct verdict taken = ask(.endpoint = "127.0.0.1:8080", .table = WORLD("listen 127.0.0.1"),
                                                     .binds = WORLD("127.0.0.1 reuseaddr ENOMEM"));
    assert_verdict(&taken, VERDICT_HELD, CAUSE_LISTENER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_that_no_socket_explains_comes_before_every_holder),
        cmocka_unit_test(a_policy_comes_before_a_foreign_address),
        cmocka_unit_test(eacces_is_a_policy_where_the_port_number_does_not_explain_it),
        cmocka_unit_test(the_agent_does_not_know_whether_a_privileged_port_is_free_for_others),
        cmocka_unit_test(for_who_asks_himself_a_privileged_port_is_held),
        cmocka_unit_test(a_listener_on_a_privileged_port_is_the_cause_for_both),
        cmocka_unit_test(a_time_wait_on_a_privileged_port_is_the_cause_though_the_agent_cannot_finish_its_verdict),
        cmocka_unit_test(a_socket_elsewhere_does_not_explain_a_privileged_port),
        cmocka_unit_test(an_errno_that_is_not_about_the_port_decides_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
