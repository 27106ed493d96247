/* Verdicts that rest on /proc/net. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "judge/explain.h"
#include "judge/remedy.h"
#include "question.h"

static struct verdict told(struct question question)
{
    struct kernel_settings settings = world_settings();
    struct verdict verdict = question_put(&question);
    assert_int_equal(explain(&verdict), 0);
    assert_int_equal(remedies_suggest(&verdict, &settings, NULL), 0);
    return verdict;
}
#define tell(...) told((struct question){__VA_ARGS__})

static void assert_says(const struct verdict *verdict, const char *words)
{
    if (strstr(verdict->explanation, words) == NULL)
        fail_msg("%s", verdict->explanation);
}

static bool offers(const struct verdict *verdict, enum remedy_kind kind)
{
    for (size_t i = 0; i < verdict->remedy_count; i++)
        if (verdict->remedies[i].kind == kind)
            return true;
    return false;
}

static void what_the_table_lacks_is_told_with_the_reason(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict tcp =
        tell(.endpoint = "127.0.0.1:8080", .table = WORLD("listen 127.0.0.1"), .refusal = EACCES);
    assert_verdict(&tcp, VERDICT_HELD, CAUSE_LISTENER);
    assert_says(&tcp, " The sockets were read from /proc/net, because netlink is refused (EACCES): it shows neither ");
    cleanup(verdict_done) struct verdict udp =
        tell(.endpoint = "udp:8080", .table = WORLD("udp close 0.0.0.0"), .refusal = EACCES);
    assert_says(&udp, "because netlink is refused (EACCES).");
    cleanup(verdict_done) struct verdict usual = tell(.endpoint = "127.0.0.1:8080", .table = WORLD("listen 127.0.0.1"));
    assert_null(strstr(usual.explanation, "/proc/net"));
}

static void a_bind_that_fails_for_no_socket_in_sight_is_not_put_down_to_the_kernels_age(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        tell(.endpoint = "127.0.0.1:8080", .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"), .refusal = ENOENT);
    assert_verdict(&verdict, VERDICT_HELD, CAUSE_UNSEEN);
    assert_says(&verdict, "in /proc/net a socket that is bound and does not listen is hidden");
    assert_null(strstr(verdict.explanation, "6.8"));
    assert_int_equal(verdict.remedies[0].kind, REMEDY_LOOK);
    assert_non_null(strstr(verdict.remedies[0].text, "where netlink is allowed"));
}

static void what_only_netlink_can_end_is_not_offered(void **state)
{
    (void)state;
    struct question question = {
        .endpoint = "127.0.0.1:8080",
        .table = WORLD("time_wait 127.0.0.1 left 40000"),
        .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"),
    };
    cleanup(verdict_done) struct verdict with = told(question);
    question.refusal = EPROTONOSUPPORT;
    cleanup(verdict_done) struct verdict without = told(question);
    assert_true(offers(&with, REMEDY_RELEASE));
    assert_false(offers(&without, REMEDY_RELEASE));
    assert_true(offers(&without, REMEDY_WAIT));
    assert_true(without.plain.seconds == with.plain.seconds);
}

static void an_empty_table_alone_proves_nothing(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict = ask(.endpoint = "127.0.0.1:8080", .refusal = EPERM);
    assert_verdict(&verdict, VERDICT_UNKNOWN, CAUSE_UNKNOWN);
}

/* /proc/net does not tell IPV6_V6ONLY. */
static void a_bind_that_works_has_met_no_listener(void **state)
{
    (void)state;
    struct question question = {
        .endpoint = "0.0.0.0:8080",
        .table = WORLD("listen :: v6only?"),
        .binds = WORLD("0.0.0.0 reuseaddr ok"),
        .refusal = EPERM,
    };
    cleanup(verdict_done) struct verdict apart = question_put(&question);
    assert_verdict(&apart, VERDICT_FREE, CAUSE_NONE);
    question.binds = WORLD("0.0.0.0 reuseaddr EADDRINUSE");
    cleanup(verdict_done) struct verdict dual = question_put(&question);
    assert_verdict(&dual, VERDICT_HELD, CAUSE_LISTENER);
    question.table = WORLD("established :: v6only?");
    question.binds = WORLD("0.0.0.0 reuseaddr ok");
    cleanup(verdict_done) struct verdict connected = question_put(&question);
    assert_verdict(&connected, VERDICT_UNKNOWN, CAUSE_UNKNOWN);
}

static void a_closer_look_cannot_tell_who_opened_a_connection(void **state)
{
    (void)state;
    struct question question = {
        .endpoint = "127.0.0.1:8080",
        .table = WORLD("established 127.0.0.1"),
        .binds = WORLD("127.0.0.1 reuseaddr EADDRINUSE"),
    };
    cleanup(verdict_done) struct verdict with = question_put(&question);
    question.refusal = EPERM;
    cleanup(verdict_done) struct verdict without = question_put(&question);
    assert_true(judge_wants_closer_look(&with));
    assert_false(judge_wants_closer_look(&without));
    question.table = NULL;
    cleanup(verdict_done) struct verdict contradicted = question_put(&question);
    assert_true(judge_wants_closer_look(&contradicted));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_table_lacks_is_told_with_the_reason),
        cmocka_unit_test(a_bind_that_fails_for_no_socket_in_sight_is_not_put_down_to_the_kernels_age),
        cmocka_unit_test(what_only_netlink_can_end_is_not_offered),
        cmocka_unit_test(an_empty_table_alone_proves_nothing),
        cmocka_unit_test(a_bind_that_works_has_met_no_listener),
        cmocka_unit_test(a_closer_look_cannot_tell_who_opened_a_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
