#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "judge/changes.h"
#include "report_sample.h"

#define EVENTS_KEPT 16

/* The rounds so far, and the events of the last one. */
struct story {
    struct changes changes;
    struct event events[EVENTS_KEPT];
    size_t count;
    int64_t seconds;
};

static void story_done(struct story *story)
{
    changes_done(&story->changes);
}

static void keep(void *context, const struct event *event)
{
    struct story *story = context;
    assert_true(story->count < EVENTS_KEPT);
    story->events[story->count++] = *event;
}

/* The next round, five seconds later; takes the report over. */
static void look(struct story *story, struct report *report)
{
    story->seconds += 5;
    report->taken_at.monotonic_ns = story->seconds * CLOCK_NS_PER_S;
    report->taken_at.realtime_ns = REPORT_SAMPLE_TAKEN_NS + story->seconds * CLOCK_NS_PER_S;
    story->count = 0;
    assert_int_equal(changes_look(&story->changes, report, keep, story), 0);
    for (size_t i = 0; i < story->count; i++) {
        assert_int_equal(story->events[i].at_ns, report->taken_at.realtime_ns);
        assert_int_equal(story->events[i].id, 0);
    }
    report_unref(report);
}

static void assert_event(const struct story *story, size_t index, enum event_kind kind, const char *text)
{
    assert_true(index < story->count);
    assert_string_equal(story->events[index].text, text);
    assert_int_equal(story->events[index].kind, kind);
    assert_string_equal(story->events[index].netns, strstr(text, " in web: ") != NULL ? "web" : "self");
}

static struct report *free_round(void)
{
    struct report *report = report_sample_new();
    report_sample_port(report, "8080", VERDICT_FREE, CAUSE_NONE);
    return report;
}

/* 8080/tcp with a listener of the process; pid 0: its owner is not known. */
static struct report *listening_round(const char *process, int32_t pid)
{
    struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "8080", VERDICT_HELD, CAUSE_LISTENER);
    struct holder *holder = report_sample_holder(port, SOCK_LISTEN, "0.0.0.0", 1);
    struct report_listener *listener = report_sample_listener(report, "0.0.0.0", 8080);
    holder->queue_limit = 128;
    if (pid > 0) {
        listener->owner = *report_sample_owner(holder, process, pid);
        listener->owner_known = true;
    }
    return report;
}

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
    cleanup(story_done) struct story story = {0};
    look(&story, listening_round("python3", 4127));
    assert_int_equal(story.count, 0);
}

static void a_round_like_the_one_before_is_news_of_nothing(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, report_sample_host());
    look(&story, report_sample_host());
    assert_int_equal(story.count, 0);
}

static void a_listener_comes_and_goes(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, free_round());
    look(&story, listening_round("python3", 4127));
    assert_int_equal(story.count, 2);
    assert_event(&story, 0, EVENT_LISTENER_APPEARED, "0.0.0.0:8080/tcp: a new listener of python3 (4127)");
    assert_event(&story, 1, EVENT_VERDICT_CHANGED, "8080/tcp: held by a listener of python3 (4127); before: free");
    assert_false(story.events[0].endpoint.any_address);
    assert_true(story.events[1].endpoint.any_address);
    assert_int_equal(story.events[1].endpoint.port, 8080);

    look(&story, time_wait_round(VERDICT_HELD));
    assert_int_equal(story.count, 2);
    assert_event(&story, 0, EVENT_LISTENER_GONE, "0.0.0.0:8080/tcp: the listener of python3 (4127) is gone");
    assert_event(&story, 1, EVENT_VERDICT_CHANGED,
                 "8080/tcp: held by TIME_WAIT, free in 43.7 s; before: a listener of python3 (4127)");
}

static void a_listener_on_a_port_that_was_not_tracked_is_new(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, report_sample_new());
    look(&story, listening_round("python3", 0));
    assert_int_equal(story.count, 1);
    assert_event(&story, 0, EVENT_LISTENER_APPEARED, "0.0.0.0:8080/tcp: a new listener");
}

static void a_server_replaced_between_two_rounds_is_another_owner(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, listening_round("python3", 4127));
    look(&story, listening_round("node", 5001));
    assert_int_equal(story.count, 1);
    assert_event(&story, 0, EVENT_LISTENER_OWNER_CHANGED,
                 "0.0.0.0:8080/tcp: now a listener of node (5001); before: of python3 (4127)");
}

static void a_worker_that_ends_beside_others_is_no_other_owner(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    struct report *two = listening_round("nginx", 12);
    report_sample_owner(&two->netns.ports[0].verdict.holders[0], "nginx", 13);
    look(&story, two);
    look(&story, listening_round("nginx", 13));
    assert_int_equal(story.count, 0);
    struct report *again = listening_round("nginx", 11);
    report_sample_owner(&again->netns.ports[0].verdict.holders[0], "nginx", 13);
    look(&story, again);
    assert_int_equal(story.count, 0);
}

static void an_owner_that_is_not_known_is_no_other_owner(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, listening_round("python3", 4127));
    look(&story, listening_round("python3", 0));
    assert_int_equal(story.count, 0);
    look(&story, listening_round("node", 5001));
    assert_int_equal(story.count, 0);
}

static void a_port_taken_by_an_outgoing_connection_is_stolen(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, time_wait_round(VERDICT_REUSABLE));
    look(&story, outgoing_round(EXPECTED_LISTENING));
    assert_int_equal(story.count, 2);
    assert_event(&story, 0, EVENT_PORT_STOLEN,
                 "8080/tcp: taken by an outgoing connection to 10.0.0.5:5432 of java (2210) in billing.service; a "
                 "listener is expected there");
    assert_event(&story, 1, EVENT_VERDICT_CHANGED,
                 "8080/tcp: held by an outgoing connection to 10.0.0.5:5432 of java (2210) in billing.service; before: "
                 "bindable with SO_REUSEADDR: TIME_WAIT");
    look(&story, outgoing_round(EXPECTED_LISTENING));
    assert_int_equal(story.count, 0);
}

static void each_address_that_is_watched_has_a_verdict_of_its_own(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    struct report *before = free_round();
    report_sample_port(before, "127.0.0.1:8080", VERDICT_FREE, CAUSE_NONE);
    report_sample_port(before, "udp:53", VERDICT_FREE, CAUSE_NONE);
    look(&story, before);
    struct report *now = free_round();
    report_sample_port(now, "127.0.0.1:8080", VERDICT_UNKNOWN, CAUSE_PRIVILEGED);
    report_sample_port(now, "udp:53", VERDICT_HELD, CAUSE_BOUND);
    look(&story, now);
    assert_int_equal(story.count, 2);
    assert_event(&story, 0, EVENT_VERDICT_CHANGED,
                 "127.0.0.1:8080/tcp: not known whether it can be bound: below the first unprivileged port; before: "
                 "free");
    assert_event(&story, 1, EVENT_VERDICT_CHANGED, "53/udp: held by a UDP socket; before: free");
}

static void a_time_that_may_be_extended_says_so(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, free_round());
    struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "8080", VERDICT_REUSABLE, CAUSE_CLOSING);
    port->verdict.plain = (struct frees){.kind = FREES_AFTER, .seconds = 60};
    port->verdict.may_extend = true;
    look(&story, report);
    assert_event(&story, 0, EVENT_VERDICT_CHANGED,
                 "8080/tcp: bindable with SO_REUSEADDR, without it in 60.0 s or later: closing connections; before: "
                 "free");
}

static struct report *overflow_round(int64_t overflows, uint32_t queue_length)
{
    struct report *report = listening_round("python3", 4127);
    report->netns.counters.listen_overflows = overflows;
    report->netns.ports[0].verdict.holders[0].queue_length = queue_length;
    return report;
}

static void a_full_accept_queue_is_told_when_it_begins_to_drop(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, overflow_round(10, 129));
    assert_int_equal(story.count, 0);
    look(&story, overflow_round(22, 129));
    assert_int_equal(story.count, 1);
    assert_event(&story, 0, EVENT_ACCEPT_QUEUE_OVERFLOWED,
                 "8080/tcp: the accept queue of python3 (4127) is full, 129 wait for accept(); 12 attempts to connect "
                 "dropped");
    look(&story, overflow_round(30, 129));
    assert_int_equal(story.count, 0);
    look(&story, overflow_round(30, 129));
    assert_int_equal(story.count, 0);
    look(&story, overflow_round(31, 129));
    assert_int_equal(story.count, 1);
}

static void a_queue_that_is_seen_full_a_round_later_is_told_then(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, overflow_round(10, 0));
    look(&story, overflow_round(11, 0));
    assert_int_equal(story.count, 0);
    look(&story, overflow_round(13, 129));
    assert_int_equal(story.count, 1);
    assert_event(&story, 0, EVENT_ACCEPT_QUEUE_OVERFLOWED,
                 "8080/tcp: the accept queue of python3 (4127) is full, 129 wait for accept(); 3 attempts to connect "
                 "dropped");
}

static void a_queue_that_is_never_seen_full_is_told_without_a_port(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, overflow_round(10, 0));
    look(&story, overflow_round(11, 128));
    assert_int_equal(story.count, 0);
    look(&story, overflow_round(11, 0));
    assert_int_equal(story.count, 1);
    assert_event(&story, 0, EVENT_ACCEPT_QUEUE_OVERFLOWED,
                 "1 attempt to connect dropped at a full accept queue, which has room again");
    assert_int_equal(story.events[0].endpoint.port, 0);
    look(&story, overflow_round(11, 0));
    assert_int_equal(story.count, 0);
}

/* The round also saw the namespace "web", which looks like the agent's own in the other one. */
static struct report *with_web(struct report *report, struct report *web)
{
    report->others = calloc(1, sizeof(*report->others));
    assert_non_null(report->others);
    report->other_count = 1;
    report->others[0] = web->netns;
    web->netns = (struct report_netns){0};
    report_unref(web);
    (void)snprintf(report->others[0].name, sizeof(report->others[0].name), "web");
    return report;
}

static void each_namespace_is_compared_with_itself(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, free_round());
    look(&story, with_web(free_round(), listening_round("nginx", 12)));
    assert_int_equal(story.count, 0);
    look(&story, with_web(listening_round("python3", 4127), time_wait_round(VERDICT_HELD)));
    assert_int_equal(story.count, 4);
    assert_event(&story, 0, EVENT_LISTENER_APPEARED, "0.0.0.0:8080/tcp: a new listener of python3 (4127)");
    assert_event(&story, 2, EVENT_LISTENER_GONE, "0.0.0.0:8080/tcp in web: the listener of nginx (12) is gone");
    assert_event(&story, 3, EVENT_VERDICT_CHANGED,
                 "8080/tcp in web: held by TIME_WAIT, free in 43.7 s; before: a listener of nginx (12)");
    look(&story, listening_round("python3", 4127));
    assert_int_equal(story.count, 0);
}

static void a_namespace_that_could_not_be_seen_has_no_events(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, with_web(free_round(), listening_round("nginx", 12)));
    struct report *blind = with_web(free_round(), report_sample_new());
    (void)snprintf(blind->others[0].failure, sizeof(blind->others[0].failure), "no CAP_SYS_ADMIN");
    look(&story, blind);
    assert_int_equal(story.count, 0);
    look(&story, with_web(free_round(), listening_round("nginx", 12)));
    assert_int_equal(story.count, 0);
}

static void accept_queues_are_remembered_by_namespace(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, with_web(free_round(), overflow_round(10, 0)));
    look(&story, with_web(free_round(), overflow_round(11, 0)));
    assert_int_equal(story.count, 0);
    look(&story, with_web(free_round(), overflow_round(13, 129)));
    assert_int_equal(story.count, 1);
    assert_event(&story, 0, EVENT_ACCEPT_QUEUE_OVERFLOWED,
                 "8080/tcp in web: the accept queue of python3 (4127) is full, 129 wait for accept(); 3 attempts to "
                 "connect dropped");
}

static void without_the_counter_no_overflow_is_told(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, overflow_round(KERNEL_UNKNOWN, 129));
    look(&story, overflow_round(22, 129));
    assert_int_equal(story.count, 0);
}

static void another_source_of_sockets_is_told_with_the_reason(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, free_round());
    struct report *report = free_round();
    report->netns.source = (struct source){SOURCE_PROCFS, EPROTONOSUPPORT};
    look(&story, report);
    assert_int_equal(story.count, 1);
    assert_event(&story, 0, EVENT_SOURCE_CHANGED,
                 "sockets are read from /proc/net, which tells less: netlink is refused (EPROTONOSUPPORT)");
    look(&story, free_round());
    assert_int_equal(story.count, 1);
    assert_event(&story, 0, EVENT_SOURCE_CHANGED, "sockets are read through netlink again");
}

static void a_failure_is_told_once_and_what_changed_meanwhile_afterwards(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, free_round());
    look(&story, report_sample_failed());
    assert_int_equal(story.count, 1);
    assert_event(&story, 0, EVENT_ROUND_FAILED, "the round failed at tcp: the walk was interrupted: ENOBUFS");
    look(&story, report_sample_failed());
    assert_int_equal(story.count, 0);
    look(&story, listening_round("python3", 4127));
    assert_int_equal(story.count, 3);
    assert_event(&story, 0, EVENT_ROUND_RECOVERED, "rounds succeed again; nothing was seen for 15.0 s");
    assert_event(&story, 1, EVENT_LISTENER_APPEARED, "0.0.0.0:8080/tcp: a new listener of python3 (4127)");
}

static void an_agent_that_begins_blind_recovers_with_nothing_to_compare(void **state)
{
    (void)state;
    cleanup(story_done) struct story story = {0};
    look(&story, report_sample_failed());
    assert_int_equal(story.count, 1);
    look(&story, listening_round("python3", 4127));
    assert_int_equal(story.count, 1);
    assert_event(&story, 0, EVENT_ROUND_RECOVERED, "rounds succeed again");
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
        cmocka_unit_test(a_full_accept_queue_is_told_when_it_begins_to_drop),
        cmocka_unit_test(a_queue_that_is_seen_full_a_round_later_is_told_then),
        cmocka_unit_test(a_queue_that_is_never_seen_full_is_told_without_a_port),
        cmocka_unit_test(each_namespace_is_compared_with_itself),
        cmocka_unit_test(a_namespace_that_could_not_be_seen_has_no_events),
        cmocka_unit_test(accept_queues_are_remembered_by_namespace),
        cmocka_unit_test(without_the_counter_no_overflow_is_told),
        cmocka_unit_test(another_source_of_sockets_is_told_with_the_reason),
        cmocka_unit_test(a_failure_is_told_once_and_what_changed_meanwhile_afterwards),
        cmocka_unit_test(an_agent_that_begins_blind_recovers_with_nothing_to_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
