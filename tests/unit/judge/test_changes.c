#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "round_story.h"

static struct report *time_wait_round(enum verdict_kind kind)
{
    struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "8080", kind, CAUSE_TIME_WAIT);
    report_sample_holder(port, SOCK_TIME_WAIT, "127.0.0.1", 3);
    port->verdict.plain = (struct frees){.kind = FREES_AFTER, .seconds = 43.61};
    return report;
}

static struct report *outgoing_round(enum expected expected)
{
    struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "8080", VERDICT_HELD, CAUSE_OUTGOING);
    port->expected = expected;
    struct holder *holder = report_sample_holder(port, SOCK_ESTABLISHED, "10.0.0.1", 1);
    holder->remote = report_sample_address("10.0.0.5");
    holder->remote_port = 5432;
    struct owner *owner = report_sample_owner(holder, "java", 2210);
    (void)snprintf(owner->unit, sizeof(owner->unit), "billing.service");
    return report;
}

static void the_first_round_is_news_of_nothing(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, round_story_listening("python3", 4127));
    assert_int_equal(story.count, 0);
}

static void a_round_like_the_one_before_is_news_of_nothing(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, report_sample_host());
    round_story_look(&story, report_sample_host());
    assert_int_equal(story.count, 0);
}

static void a_listener_comes_and_goes(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, round_story_free());
    round_story_look(&story, round_story_listening("python3", 4127));
    assert_int_equal(story.count, 2);
    round_story_assert_event(&story, 0, EVENT_LISTENER_APPEARED, "0.0.0.0:8080/tcp: a new listener of python3 (4127)");
    round_story_assert_event(&story, 1, EVENT_VERDICT_CHANGED,
                             "8080/tcp: held by a listener of python3 (4127); before: free");
    assert_false(story.events[0].endpoint.any_address);
    assert_true(story.events[1].endpoint.any_address);
    assert_int_equal(story.events[1].endpoint.port, 8080);

    round_story_look(&story, time_wait_round(VERDICT_HELD));
    assert_int_equal(story.count, 2);
    round_story_assert_event(&story, 0, EVENT_LISTENER_GONE,
                             "0.0.0.0:8080/tcp: the listener of python3 (4127) is gone");
    round_story_assert_event(&story, 1, EVENT_VERDICT_CHANGED,
                             "8080/tcp: held by TIME_WAIT, free in 43.7 s; before: a listener of python3 (4127)");
}

static void a_listener_on_a_port_that_was_not_tracked_is_new(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, report_sample_new());
    round_story_look(&story, round_story_listening("python3", 0));
    assert_int_equal(story.count, 1);
    round_story_assert_event(&story, 0, EVENT_LISTENER_APPEARED, "0.0.0.0:8080/tcp: a new listener");
}

static void a_server_replaced_between_two_rounds_is_another_owner(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, round_story_listening("python3", 4127));
    round_story_look(&story, round_story_listening("node", 5001));
    assert_int_equal(story.count, 1);
    round_story_assert_event(&story, 0, EVENT_LISTENER_OWNER_CHANGED,
                             "0.0.0.0:8080/tcp: now a listener of node (5001); before: of python3 (4127)");
}

static void a_worker_that_ends_beside_others_is_no_other_owner(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    struct report *two = round_story_listening("nginx", 12);
    report_sample_owner(&two->netns.ports[0].verdict.holders[0], "nginx", 13);
    round_story_look(&story, two);
    round_story_look(&story, round_story_listening("nginx", 13));
    assert_int_equal(story.count, 0);
    struct report *again = round_story_listening("nginx", 11);
    report_sample_owner(&again->netns.ports[0].verdict.holders[0], "nginx", 13);
    round_story_look(&story, again);
    assert_int_equal(story.count, 0);
}

static void an_owner_that_is_not_known_is_no_other_owner(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, round_story_listening("python3", 4127));
    round_story_look(&story, round_story_listening("python3", 0));
    assert_int_equal(story.count, 0);
    round_story_look(&story, round_story_listening("node", 5001));
    assert_int_equal(story.count, 0);
}

static void a_port_taken_by_an_outgoing_connection_is_stolen(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, time_wait_round(VERDICT_REUSABLE));
    round_story_look(&story, outgoing_round(EXPECTED_LISTENING));
    assert_int_equal(story.count, 2);
    round_story_assert_event(
        &story, 0, EVENT_PORT_STOLEN,
        "8080/tcp: taken by an outgoing connection to 10.0.0.5:5432 of java (2210) in billing.service; a "
        "listener is expected there");
    round_story_assert_event(
        &story, 1, EVENT_VERDICT_CHANGED,
        "8080/tcp: held by an outgoing connection to 10.0.0.5:5432 of java (2210) in billing.service; before: "
        "bindable with SO_REUSEADDR: TIME_WAIT");
    round_story_look(&story, outgoing_round(EXPECTED_LISTENING));
    assert_int_equal(story.count, 0);
}

static void each_address_that_is_watched_has_a_verdict_of_its_own(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    struct report *before = round_story_free();
    report_sample_port(before, "127.0.0.1:8080", VERDICT_FREE, CAUSE_NONE);
    report_sample_port(before, "udp:53", VERDICT_FREE, CAUSE_NONE);
    round_story_look(&story, before);
    struct report *now = round_story_free();
    report_sample_port(now, "127.0.0.1:8080", VERDICT_UNKNOWN, CAUSE_PRIVILEGED);
    report_sample_port(now, "udp:53", VERDICT_HELD, CAUSE_BOUND);
    round_story_look(&story, now);
    assert_int_equal(story.count, 2);
    round_story_assert_event(
        &story, 0, EVENT_VERDICT_CHANGED,
        "127.0.0.1:8080/tcp: not known whether it can be bound: below the first unprivileged port; before: "
        "free");
    round_story_assert_event(&story, 1, EVENT_VERDICT_CHANGED, "53/udp: held by a UDP socket; before: free");
}

static void a_time_that_may_be_extended_says_so(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, round_story_free());
    struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "8080", VERDICT_REUSABLE, CAUSE_CLOSING);
    port->verdict.plain = (struct frees){.kind = FREES_AFTER, .seconds = 60};
    port->verdict.may_extend = true;
    round_story_look(&story, report);
    round_story_assert_event(
        &story, 0, EVENT_VERDICT_CHANGED,
        "8080/tcp: bindable with SO_REUSEADDR, without it in 60.0 s or later: closing connections; before: "
        "free");
}

static void each_namespace_is_compared_with_itself(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, round_story_free());
    round_story_look(&story, round_story_with_web(round_story_free(), round_story_listening("nginx", 12)));
    assert_int_equal(story.count, 0);
    round_story_look(&story,
                     round_story_with_web(round_story_listening("python3", 4127), time_wait_round(VERDICT_HELD)));
    assert_int_equal(story.count, 4);
    round_story_assert_event(&story, 0, EVENT_LISTENER_APPEARED, "0.0.0.0:8080/tcp: a new listener of python3 (4127)");
    round_story_assert_event(&story, 2, EVENT_LISTENER_GONE,
                             "0.0.0.0:8080/tcp in web: the listener of nginx (12) is gone");
    round_story_assert_event(&story, 3, EVENT_VERDICT_CHANGED,
                             "8080/tcp in web: held by TIME_WAIT, free in 43.7 s; before: a listener of nginx (12)");
    round_story_look(&story, round_story_listening("python3", 4127));
    assert_int_equal(story.count, 0);
}

static void a_namespace_that_could_not_be_seen_has_no_events(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, round_story_with_web(round_story_free(), round_story_listening("nginx", 12)));
    struct report *blind = round_story_with_web(round_story_free(), report_sample_new());
    (void)snprintf(blind->others[0].failure, sizeof(blind->others[0].failure), "no CAP_SYS_ADMIN");
    round_story_look(&story, blind);
    assert_int_equal(story.count, 0);
    round_story_look(&story, round_story_with_web(round_story_free(), round_story_listening("nginx", 12)));
    assert_int_equal(story.count, 0);
}

static void another_source_of_sockets_is_told_with_the_reason(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, round_story_free());
    struct report *report = round_story_free();
    report->netns.source = (struct source){SOURCE_PROCFS, EPROTONOSUPPORT};
    round_story_look(&story, report);
    assert_int_equal(story.count, 1);
    round_story_assert_event(&story, 0, EVENT_SOURCE_CHANGED,
                             "sockets are read from /proc/net, which tells less: netlink is refused (EPROTONOSUPPORT)");
    round_story_look(&story, round_story_free());
    assert_int_equal(story.count, 1);
    round_story_assert_event(&story, 0, EVENT_SOURCE_CHANGED, "sockets are read through netlink again");
}

static void a_failure_is_told_once_and_what_changed_meanwhile_afterwards(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, round_story_free());
    round_story_look(&story, report_sample_failed());
    assert_int_equal(story.count, 1);
    round_story_assert_event(&story, 0, EVENT_ROUND_FAILED,
                             "the round failed at tcp: the walk was interrupted: ENOBUFS");
    round_story_look(&story, report_sample_failed());
    assert_int_equal(story.count, 0);
    round_story_look(&story, round_story_listening("python3", 4127));
    assert_int_equal(story.count, 3);
    round_story_assert_event(&story, 0, EVENT_ROUND_RECOVERED, "rounds succeed again; nothing was seen for 15.0 s");
    round_story_assert_event(&story, 1, EVENT_LISTENER_APPEARED, "0.0.0.0:8080/tcp: a new listener of python3 (4127)");
}

static void an_agent_that_begins_blind_recovers_with_nothing_to_compare(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, report_sample_failed());
    assert_int_equal(story.count, 1);
    round_story_look(&story, round_story_listening("python3", 4127));
    assert_int_equal(story.count, 1);
    round_story_assert_event(&story, 0, EVENT_ROUND_RECOVERED, "rounds succeed again");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_round_is_news_of_nothing),
        cmocka_unit_test(a_round_like_the_one_before_is_news_of_nothing),
        cmocka_unit_test(a_listener_comes_and_goes),
        cmocka_unit_test(a_listener_on_a_port_that_was_not_tracked_is_new),
        cmocka_unit_test(a_server_replaced_between_two_rounds_is_another_owner),
        cmocka_unit_test(a_worker_that_ends_beside_others_is_no_other_owner),
        cmocka_unit_test(an_owner_that_is_not_known_is_no_other_owner),
        cmocka_unit_test(a_port_taken_by_an_outgoing_connection_is_stolen),
        cmocka_unit_test(each_address_that_is_watched_has_a_verdict_of_its_own),
        cmocka_unit_test(a_time_that_may_be_extended_says_so),
        cmocka_unit_test(each_namespace_is_compared_with_itself),
        cmocka_unit_test(a_namespace_that_could_not_be_seen_has_no_events),
        cmocka_unit_test(another_source_of_sockets_is_told_with_the_reason),
        cmocka_unit_test(a_failure_is_told_once_and_what_changed_meanwhile_afterwards),
        cmocka_unit_test(an_agent_that_begins_blind_recovers_with_nothing_to_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
