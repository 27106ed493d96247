#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "round_story.h"

static struct report *overflow_round(int64_t overflows, uint32_t queue_length)
{
    struct report *report = round_story_listening("python3", 4127);
    report->netns.counters.listen_overflows = overflows;
    report->netns.ports[0].verdict.holders[0].queue_length = queue_length;
    return report;
}

static void a_full_accept_queue_is_told_when_it_begins_to_drop(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, overflow_round(10, 129));
    assert_int_equal(story.count, 0);
    round_story_look(&story, overflow_round(22, 129));
    assert_int_equal(story.count, 1);
    round_story_assert_event(
        &story, 0, EVENT_ACCEPT_QUEUE_OVERFLOWED,
        "8080/tcp: the accept queue of python3 (4127) is full, 129 wait for accept(); 12 attempts to connect "
        "dropped");
    round_story_look(&story, overflow_round(30, 129));
    assert_int_equal(story.count, 0);
    round_story_look(&story, overflow_round(30, 129));
    assert_int_equal(story.count, 0);
    round_story_look(&story, overflow_round(31, 129));
    assert_int_equal(story.count, 1);
}

static void a_queue_that_is_seen_full_a_round_later_is_told_then(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, overflow_round(10, 0));
    round_story_look(&story, overflow_round(11, 0));
    assert_int_equal(story.count, 0);
    round_story_look(&story, overflow_round(13, 129));
    assert_int_equal(story.count, 1);
    round_story_assert_event(
        &story, 0, EVENT_ACCEPT_QUEUE_OVERFLOWED,
        "8080/tcp: the accept queue of python3 (4127) is full, 129 wait for accept(); 3 attempts to connect "
        "dropped");
}

static void a_queue_that_is_never_seen_full_is_told_without_a_port(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, overflow_round(10, 0));
    round_story_look(&story, overflow_round(11, 128));
    assert_int_equal(story.count, 0);
    round_story_look(&story, overflow_round(11, 0));
    assert_int_equal(story.count, 1);
    round_story_assert_event(&story, 0, EVENT_ACCEPT_QUEUE_OVERFLOWED,
                             "1 attempt to connect dropped at a full accept queue, which has room again");
    assert_int_equal(story.events[0].endpoint.port, 0);
    round_story_look(&story, overflow_round(11, 0));
    assert_int_equal(story.count, 0);
}

static void accept_queues_are_remembered_by_namespace(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, round_story_with_web(round_story_free(), overflow_round(10, 0)));
    round_story_look(&story, round_story_with_web(round_story_free(), overflow_round(11, 0)));
    assert_int_equal(story.count, 0);
    round_story_look(&story, round_story_with_web(round_story_free(), overflow_round(13, 129)));
    assert_int_equal(story.count, 1);
    round_story_assert_event(
        &story, 0, EVENT_ACCEPT_QUEUE_OVERFLOWED,
        "8080/tcp in web: the accept queue of python3 (4127) is full, 129 wait for accept(); 3 attempts to "
        "connect dropped");
}

static void without_the_counter_no_overflow_is_told(void **state)
{
    (void)state;
    cleanup(round_story_done) struct round_story story = {0};
    round_story_look(&story, overflow_round(KERNEL_UNKNOWN, 129));
    round_story_look(&story, overflow_round(22, 129));
    assert_int_equal(story.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_accept_queue_is_told_when_it_begins_to_drop),
        cmocka_unit_test(a_queue_that_is_seen_full_a_round_later_is_told_then),
        cmocka_unit_test(a_queue_that_is_never_seen_full_is_told_without_a_port),
        cmocka_unit_test(accept_queues_are_remembered_by_namespace),
        cmocka_unit_test(without_the_counter_no_overflow_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
