#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "judge/explain.h"
#include "question.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define HELD WORLD("127.0.0.1 reuseaddr EADDRINUSE")
#define REUSABLE WORLD("127.0.0.1 reuseaddr ok")

static struct verdict explained(struct question question)
{
    if (question.endpoint == NULL)
        question.endpoint = "127.0.0.1:8080";
    struct verdict verdict = question_put(&question);
    assert_int_equal(explain(&verdict), 0);
    assert_non_null(verdict.explanation);
    return verdict;
}
#define tell(...) explained((struct question){__VA_ARGS__})

static bool says(const struct verdict *verdict, const char *words)
{
    return strstr(verdict->explanation, words) != NULL;
}

#define assert_says(verdict, words)                                                                                    \
    do {                                                                                                               \
        if (!says((verdict), (words)))                                                                                 \
            print_message("%s\n", (verdict)->explanation);                                                             \
        assert_true(says((verdict), (words)));                                                                         \
    } while (0)

static void assert_is_prose(const struct verdict *verdict)
{
    const char *text = verdict->explanation;
    assert_in_range(text[0], 'A', 'Z');
    assert_int_equal(text[strlen(text) - 1], '.');
    assert_null(strstr(text, "might"));
    assert_null(strstr(text, "  "));
    assert_null(strpbrk(text, "\n\t"));
}

static void each_cause_has_sentences_of_its_own(void **state)
{
    (void)state;
    const struct {
        struct question question;
        enum cause cause;
        const char *words;
    } cases[] = {
        {{.binds = WORLD("127.0.0.1 reuseaddr EPERM")}, CAUSE_DENIED, "policy"},
        {{.binds = WORLD("127.0.0.1 reuseaddr EADDRNOTAVAIL")},
         CAUSE_ADDRESS,
         "does not belong to this network namespace"},
        {{.endpoint = "127.0.0.1:80", .binds = WORLD("127.0.0.1 reuseaddr EACCES")},
         CAUSE_PRIVILEGED,
         "CAP_NET_BIND_SERVICE"},
        {{.table = WORLD("listen 127.0.0.1"), .binds = HELD}, CAUSE_LISTENER, "127.0.0.1:8080/tcp"},
        {{.table = WORLD("bound_inactive 127.0.0.1"), .binds = HELD}, CAUSE_BOUND, "does not listen"},
        {{.table = WORLD("syn_sent 127.0.0.1 to 10.0.0.5 5432"), .binds = HELD}, CAUSE_OUTGOING, "to 10.0.0.5:5432"},
        {{.table = WORLD("established 127.0.0.1 inbound"), .binds = HELD}, CAUSE_CONNECTED, "still open"},
        {{.table = WORLD("last_ack 127.0.0.1"), .binds = HELD}, CAUSE_CLOSING, "half closed"},
        {{.table = WORLD("time_wait 127.0.0.1"), .binds = HELD}, CAUSE_TIME_WAIT, "must both have it"},
        {{.binds = HELD}, CAUSE_UNSEEN, "shows no socket"},
        {{.binds = REUSABLE}, CAUSE_NONE, "Nothing holds the port"},
        {{.hides_bound = true}, CAUSE_UNKNOWN, "does not decide it"},
    };
    assert_int_equal(COUNT_OF(cases), CAUSE_COUNT);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cleanup(verdict_done) struct verdict verdict = explained(cases[i].question);
        assert_string_equal(cause_name(verdict.cause), cause_name(cases[i].cause));
        assert_says(&verdict, cases[i].words);
        assert_is_prose(&verdict);
    }
}

static void whatever_holds_a_port_is_told_as_measured(void **state)
{
    (void)state;
    static const char *const lines[] = {"listen ::",
                                        "bound_inactive 127.0.0.1",
                                        "syn_sent 127.0.0.1 to 10.0.0.5 80",
                                        "syn_recv 127.0.0.1",
                                        "established 127.0.0.1 to 10.0.0.5 80",
                                        "close_wait 127.0.0.1 outbound",
                                        "established 127.0.0.1 inbound x3",
                                        "fin_wait1 127.0.0.1",
                                        "fin_wait2 127.0.0.1 orphan",
                                        "closing 127.0.0.1",
                                        "time_wait 127.0.0.1 x3",
                                        "time_wait 127.0.0.1 inbound",
                                        "time_wait 127.0.0.1 outbound"};
    static const char *const binds[] = {"127.0.0.1 reuseaddr EADDRINUSE", "127.0.0.1 reuseaddr ok",
                                        "127.0.0.1 reuseaddr EPERM", "127.0.0.1 reuseaddr EACCES"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        for (size_t b = 0; b < COUNT_OF(binds); b++) {
            for (enum judge_asker asker = JUDGE_FOR_AGENT; asker <= JUDGE_FOR_WHY; asker++) {
                cleanup(verdict_done) struct verdict verdict =
                    tell(.endpoint = "127.0.0.1:80", .table = WORLD(lines[i]), .binds = WORLD(binds[b]),
                         .asker = asker);
                assert_is_prose(&verdict);
            }
        }
    }
}

/* SO_REUSEPORT could share it: of that nothing was measured. */
static void a_listener_is_named_with_its_address_and_not_as_more_than_was_measured(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict ipv4 = tell(.table = WORLD("listen 0.0.0.0"), .binds = HELD);
    assert_says(&ipv4, "0.0.0.0:8080/tcp");
    assert_false(says(&ipv4, "every other bind"));
    assert_false(says(&ipv4, "IPv6"));
    cleanup(verdict_done) struct verdict dual = tell(.table = WORLD("listen ::"), .binds = HELD);
    assert_says(&dual, "[::]:8080/tcp");
    assert_says(&dual, "an IPv6 socket that serves IPv4 as well");
    cleanup(verdict_done) struct verdict v6only =
        tell(.endpoint = "[::1]:8080", .table = WORLD("listen :: v6only"), .binds = WORLD("::1 reuseaddr EADDRINUSE"));
    assert_false(says(&v6only, "serves IPv4"));
}

static void time_wait_names_the_socket_that_lacked_the_option_as_far_as_the_direction_is_known(void **state)
{
    (void)state;
    const struct {
        const char *const *table;
        const char *words;
    } cases[] = {
        {WORLD("time_wait 127.0.0.1"), "the socket that left them"},
        {WORLD("time_wait 127.0.0.1 inbound"), "the server that closed these connections"},
        {WORLD("time_wait 127.0.0.1 outbound"), "the client that opened these connections"},
        {WORLD("time_wait 127.0.0.1 inbound x3", "time_wait ::ffff:127.0.0.1 inbound"), "the server that closed"},
        {WORLD("time_wait 127.0.0.1 inbound x3", "time_wait 127.0.0.1 outbound"), "the socket that left"},
        {WORLD("time_wait 127.0.0.1 inbound x3", "time_wait 127.0.0.1"), "the socket that left"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cleanup(verdict_done) struct verdict verdict = tell(.table = cases[i].table, .binds = HELD);
        assert_says(&verdict, cases[i].words);
        assert_says(&verdict, "had not set SO_REUSEADDR");
    }
}

static void time_wait_that_lets_the_option_pass_had_it_set(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict = tell(.table = WORLD("time_wait 127.0.0.1"), .binds = REUSABLE);
    assert_says(&verdict, "had set SO_REUSEADDR");
    assert_false(says(&verdict, "had not"));
}

/* EACCES says nothing of the option. */
static void without_an_answer_to_the_bind_with_the_option_nothing_is_said_of_who_had_it(void **state)
{
    (void)state;
    const struct question questions[] = {
        {.table = WORLD("time_wait 127.0.0.1")},
        {.endpoint = "127.0.0.1:80",
         .table = WORLD("time_wait 127.0.0.1"),
         .binds = WORLD("127.0.0.1 reuseaddr EACCES")},
        {.endpoint = "127.0.0.1:80",
         .table = WORLD("time_wait 127.0.0.1"),
         .binds = WORLD("127.0.0.1 reuseaddr EACCES"),
         .asker = JUDGE_FOR_WHY},
    };
    for (size_t i = 0; i < COUNT_OF(questions); i++) {
        cleanup(verdict_done) struct verdict verdict = explained(questions[i]);
        assert_int_equal(verdict.cause, CAUSE_TIME_WAIT);
        assert_false(says(&verdict, "had not set"));
        assert_false(says(&verdict, "had set"));
    }
}

static void a_port_that_is_privileged_as_well_is_told_so(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict refused = tell(.endpoint = "127.0.0.1:80", .table = WORLD("listen 127.0.0.1"),
                                                        .binds = WORLD("127.0.0.1 reuseaddr EACCES"));
    assert_says(&refused, "CAP_NET_BIND_SERVICE");
    cleanup(verdict_done) struct verdict in_use =
        tell(.endpoint = "127.0.0.1:80", .table = WORLD("listen 127.0.0.1"), .binds = HELD);
    assert_false(says(&in_use, "CAP_NET_BIND_SERVICE"));
}

static void open_connections_are_counted_and_closing_ones_are_not(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict one =
        tell(.table = WORLD("established 127.0.0.1 inbound", "last_ack 127.0.0.1 x5", "time_wait 127.0.0.1 x7"),
             .binds = HELD);
    assert_says(&one, "1 connection on the port is still open");
    cleanup(verdict_done) struct verdict three =
        tell(.table = WORLD("established 127.0.0.1 inbound x2", "close_wait 127.0.0.1 inbound"), .binds = HELD);
    assert_says(&three, "3 connections on the port are still open");
}

/* A connection from a port that somebody chose looks the same until its direction is known. */
static void a_connection_of_unknown_direction_is_not_said_to_have_had_a_server(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict held = tell(.table = WORLD("established 127.0.0.1"), .binds = HELD);
    assert_int_equal(held.cause, CAUSE_CONNECTED);
    assert_false(says(&held, "any more"));
    cleanup(verdict_done) struct verdict reusable = tell(.table = WORLD("established 127.0.0.1"), .binds = REUSABLE);
    assert_false(says(&reusable, "a server that had"));
    cleanup(verdict_done) struct verdict inbound = tell(.table = WORLD("established 127.0.0.1 inbound"), .binds = HELD);
    assert_says(&inbound, "any more");
}

static void an_outgoing_connection_is_called_so_only_when_that_is_known(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict known =
        tell(.table = WORLD("established ::ffff:127.0.0.1 to ::ffff:10.0.0.5 5432 outbound"), .binds = HELD);
    assert_says(&known, "An outgoing connection to 10.0.0.5:5432 uses");
    cleanup(verdict_done) struct verdict guessed =
        tell(.endpoint = "[::1]:40000", .table = WORLD("established ::1 to 2001:db8::5 5432"),
             .binds = WORLD("::1 reuseaddr EADDRINUSE"));
    assert_says(&guessed, "by its port an outgoing one, to [2001:db8::5]:5432 uses");
}

static void whoever_lets_the_option_pass_is_said_to_have_it(void **state)
{
    (void)state;
    static const char *const lines[] = {"bound_inactive 127.0.0.1", "established 127.0.0.1 outbound",
                                        "established 127.0.0.1 inbound", "fin_wait1 127.0.0.1", "time_wait 127.0.0.1"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        cleanup(verdict_done) struct verdict reusable = tell(.table = WORLD(lines[i]), .binds = REUSABLE);
        assert_says(&reusable, "set SO_REUSEADDR");
        assert_says(&reusable, "works now");
    }
}

static void a_late_fin_is_told_of_where_it_would_extend_the_time(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict orphan =
        tell(.table = WORLD("fin_wait2 127.0.0.1 orphan left 12000"), .binds = HELD);
    assert_says(&orphan, "a late FIN");
    cleanup(verdict_done) struct verdict mixed =
        tell(.table = WORLD("fin_wait2 127.0.0.1 orphan left 12000", "last_ack 127.0.0.1"), .binds = HELD);
    assert_false(says(&mixed, "A timer ends them"));
}

static void a_udp_socket_is_not_said_to_be_starting(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        tell(.endpoint = "udp:127.0.0.1:8080", .table = WORLD("udp close 127.0.0.1"));
    assert_says(&verdict, "A UDP socket is bound");
    assert_false(says(&verdict, "SO_REUSEADDR"));
}

static void a_disagreement_is_not_hidden(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict =
        tell(.table = WORLD("time_wait 127.0.0.1"), .binds = WORLD("127.0.0.1 plain ok"), .asker = JUDGE_FOR_WHY);
    assert_verdict(&verdict, VERDICT_FREE, CAUSE_NONE);
    assert_says(&verdict, "disagree");
}

static void explaining_again_replaces_the_text(void **state)
{
    (void)state;
    cleanup(verdict_done) struct verdict verdict = tell(.table = WORLD("listen 127.0.0.1"), .binds = HELD);
    cleanup(cleanup_free) char *before = strdup(verdict.explanation);
    assert_int_equal(explain(&verdict), 0);
    assert_string_equal(verdict.explanation, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cause_has_sentences_of_its_own),
        cmocka_unit_test(whatever_holds_a_port_is_told_as_measured),
        cmocka_unit_test(a_listener_is_named_with_its_address_and_not_as_more_than_was_measured),
        cmocka_unit_test(time_wait_names_the_socket_that_lacked_the_option_as_far_as_the_direction_is_known),
        cmocka_unit_test(time_wait_that_lets_the_option_pass_had_it_set),
        cmocka_unit_test(without_an_answer_to_the_bind_with_the_option_nothing_is_said_of_who_had_it),
        cmocka_unit_test(a_port_that_is_privileged_as_well_is_told_so),
        cmocka_unit_test(open_connections_are_counted_and_closing_ones_are_not),
        cmocka_unit_test(a_connection_of_unknown_direction_is_not_said_to_have_had_a_server),
        cmocka_unit_test(an_outgoing_connection_is_called_so_only_when_that_is_known),
        cmocka_unit_test(whoever_lets_the_option_pass_is_said_to_have_it),
        cmocka_unit_test(a_late_fin_is_told_of_where_it_would_extend_the_time),
        cmocka_unit_test(a_udp_socket_is_not_said_to_be_starting),
        cmocka_unit_test(a_disagreement_is_not_hidden),
        cmocka_unit_test(explaining_again_replaces_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
