#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "model/events.h"

#define INSTANCE UINT64_C(77)

static struct events *new_events(void)
{
    struct events *events = NULL;
    assert_int_equal(events_new(INSTANCE, &events), 0);
    return events;
}

/* Events whose time is their number. */
static void add(struct events *events, int64_t first, int64_t last)
{
    for (int64_t at = first; at <= last; at++) {
        struct event event = {.at_ns = at, .kind = EVENT_VERDICT_CHANGED};
        event_say(&event, "number %d", (int)at);
        events_add(events, &event);
    }
}

static void assert_since(const struct events *events, uint64_t since, uint64_t first_id, size_t count)
{
    cleanup(events_page_done) struct events_page page = {0};
    assert_int_equal(events_since(events, since, &page), 0);
    assert_int_equal(page.instance, INSTANCE);
    assert_int_equal(page.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(page.items[i].id, first_id + i);
        assert_int_equal(page.items[i].at_ns, first_id + i);
    }
}

static void without_an_event_every_page_is_empty(void **state)
{
    (void)state;
    cleanup(events_freep) struct events *events = new_events();
    assert_since(events, 0, 0, 0);
    assert_since(events, 5, 0, 0);
}

static void ids_begin_with_one_and_rise_by_one(void **state)
{
    (void)state;
    cleanup(events_freep) struct events *events = new_events();
    add(events, 1, 3);
    assert_since(events, 0, 1, 3);
}

static void a_page_holds_what_came_after_an_id(void **state)
{
    (void)state;
    cleanup(events_freep) struct events *events = new_events();
    add(events, 1, 10);
    assert_since(events, 7, 8, 3);
    assert_since(events, 9, 10, 1);
    assert_since(events, 10, 0, 0);
}

static void the_oldest_is_overwritten_and_ids_go_on(void **state)
{
    (void)state;
    cleanup(events_freep) struct events *events = new_events();
    add(events, 1, EVENTS_MAX);
    assert_since(events, 0, 1, EVENTS_MAX);
    add(events, EVENTS_MAX + 1, EVENTS_MAX + 1);
    assert_since(events, 0, 2, EVENTS_MAX);
    add(events, EVENTS_MAX + 2, 3 * EVENTS_MAX + 5);
    assert_since(events, 0, 2 * EVENTS_MAX + 6, EVENTS_MAX);
    assert_since(events, 2 * EVENTS_MAX + 5, 2 * EVENTS_MAX + 6, EVENTS_MAX);
    assert_since(events, 2 * EVENTS_MAX + 6, 2 * EVENTS_MAX + 7, EVENTS_MAX - 1);
}

static void an_id_that_was_never_given_is_of_an_earlier_life_and_gets_all(void **state)
{
    (void)state;
    cleanup(events_freep) struct events *events = new_events();
    add(events, 1, 3);
    assert_since(events, 4, 1, 3);
    assert_since(events, UINT64_MAX, 1, 3);
}

static void a_page_is_a_copy(void **state)
{
    (void)state;
    cleanup(events_freep) struct events *events = new_events();
    add(events, 1, 1);
    cleanup(events_page_done) struct events_page page = {0};
    assert_int_equal(events_since(events, 0, &page), 0);
    add(events, 2, EVENTS_MAX + 1);
    assert_int_equal(page.count, 1);
    assert_string_equal(page.items[0].text, "number 1");
}

static void a_text_that_is_too_long_is_cut(void **state)
{
    (void)state;
    struct event event = {0};
    for (int i = 0; i < EVENT_TEXT_MAX; i++)
        event_say(&event, "%d", i % 10);
    assert_int_equal(strlen(event.text), EVENT_TEXT_MAX - 1);
}

static void every_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (enum event_kind kind = EVENT_VERDICT_CHANGED; kind < EVENT_KIND_COUNT; kind++) {
        assert_string_not_equal(event_kind_name(kind), "?");
        for (enum event_kind other = EVENT_VERDICT_CHANGED; other < kind; other++)
            assert_string_not_equal(event_kind_name(kind), event_kind_name(other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_an_event_every_page_is_empty),
        cmocka_unit_test(ids_begin_with_one_and_rise_by_one),
        cmocka_unit_test(a_page_holds_what_came_after_an_id),
        cmocka_unit_test(the_oldest_is_overwritten_and_ids_go_on),
        cmocka_unit_test(an_id_that_was_never_given_is_of_an_earlier_life_and_gets_all),
        cmocka_unit_test(a_page_is_a_copy),
        cmocka_unit_test(a_text_that_is_too_long_is_cut),
        cmocka_unit_test(every_kind_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
