#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <time.h>

#include "render/events_answer.h"
#include "render/json.h"
#include "render/text.h"
#include "rendered.h"

/* 2026-11-22T19:03:28.345Z */
#define AT_NS INT64_C(1795374208345000000)

static char *events_text(const struct events_page *page)
{
    struct buf buf;
    buf_init(&buf, 1 << 20);
    assert_int_equal(json_events(page, &buf), 0);
    return rendered_take(&buf);
}

static struct event verdict_changed(const char *text)
{
    struct event event = {.id = 7,
                          .at_ns = AT_NS,
                          .kind = EVENT_VERDICT_CHANGED,
                          .endpoint = {.protocol = PROTOCOL_UDP, .any_address = true, .port = 53},
                          .netns = "self"};
    event_say(&event, "%s", text);
    return event;
}

static void events_have_the_keys_of_the_interface(void **state)
{
    (void)state;
    struct event events[] = {verdict_changed("53/udp: free; before: a UDP socket"), verdict_changed("")};
    events[1].id = 8;
    events[1].kind = EVENT_AGENT_STARTED;
    events[1].endpoint = (struct endpoint){0};
    struct events_page page = {.instance = 0xabc, .items = events, .count = 2};
    cleanup(cleanup_free) char *text = events_text(&page);
    assert_string_equal(
        text, "{\"instance\":\"0000000000000abc\",\"events\":["
              "{\"id\":7,\"at\":\"2026-11-22T19:03:28.345Z\",\"kind\":\"verdict_changed\",\"netns\":\"self\","
              "\"protocol\":\"udp\",\"address\":\"*\",\"port\":53,\"text\":\"53/udp: free; before: a UDP socket\"},"
              "{\"id\":8,\"at\":\"2026-11-22T19:03:28.345Z\",\"kind\":\"agent_started\",\"netns\":\"self\","
              "\"protocol\":null,\"address\":null,\"port\":null,\"text\":\"\"}]}\n");
}

static void without_events_the_list_is_empty(void **state)
{
    (void)state;
    cleanup(cleanup_free) char *text = events_text(&(struct events_page){.instance = UINT64_MAX});
    assert_string_equal(text, "{\"instance\":\"ffffffffffffffff\",\"events\":[]}\n");
}

static void what_is_answered_can_be_read_again(void **state)
{
    (void)state;
    struct event events[] = {verdict_changed("a \"name\"\n\x1b"), verdict_changed("broken \xff")};
    events[1].id = UINT64_C(1) << 40;
    struct events_page page = {.instance = 42, .items = events, .count = 2};
    cleanup(cleanup_free) char *text = events_text(&page);
    cleanup(events_answer_done) struct events_answer answer = {0};
    assert_int_equal(events_answer_read(text, &answer), 0);
    assert_string_equal(answer.instance, "000000000000002a");
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.events[0].id, 7);
    assert_int_equal(answer.events[0].at_ns, AT_NS);
    assert_string_equal(answer.events[0].text, "a \"name\"\n\x1b");
    assert_int_equal(answer.events[1].id, UINT64_C(1) << 40);
    assert_string_equal(answer.events[1].text, "broken \xef\xbf\xbd");
    assert_null(strchr(answer.events[0].json, '\n'));
    assert_non_null(strstr(text, answer.events[0].json));
}

static void what_is_no_such_answer_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "ready\n",
        "[]",
        "{}",
        "{\"events\":[]}",
        "{\"instance\":7,\"events\":[]}",
        "{\"instance\":\"a\",\"events\":{}}",
        "{\"instance\":\"a\",\"events\":[]}x",
        "{\"instance\":\"a\",\"events\":[7]}",
        "{\"instance\":\"a\",\"events\":[{}]}",
        "{\"instance\":\"01234567890123456789012345678901234567890\",\"events\":[]}",
        "{\"instance\":\"a\",\"events\":[{\"id\":0,\"at\":\"2026-11-22T19:03:28Z\",\"text\":\"x\"}]}",
        "{\"instance\":\"a\",\"events\":[{\"id\":1e30,\"at\":\"2026-11-22T19:03:28Z\",\"text\":\"x\"}]}",
        "{\"instance\":\"a\",\"events\":[{\"id\":1,\"at\":\"yesterday\",\"text\":\"x\"}]}",
        "{\"instance\":\"a\",\"events\":[{\"id\":1,\"at\":\"2026-11-22T19:03:28Z\",\"text\":null}]}",
        ("{\"instance\":\"a\",\"events\":[{\"id\":2,\"at\":\"2026-11-22T19:03:28Z\",\"text\":\"x\"},"
         "{\"id\":2,\"at\":\"2026-11-22T19:03:28Z\",\"text\":\"x\"}]}"),
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct events_answer answer = {0};
        assert_int_equal(events_answer_read(bad[i], &answer), -EINVAL);
        assert_null(answer.events);
    }
}

static void an_event_is_one_line_of_a_terminal_in_its_time_zone(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "XYZ-1", 1), 0);
    tzset();
    struct buf buf;
    buf_init(&buf, 1 << 20);
    text_event(AT_NS, "8080/tcp: free; \x1b[31m", &buf);
    cleanup(cleanup_free) char *text = rendered_take(&buf);
    assert_string_equal(text, "2026-11-22 20:03:28  8080/tcp: free; \xef\xbf\xbd[31m\n");
}

static char *history_text(enum protocol protocol, const struct history_sample *samples, size_t count)
{
    struct buf buf;
    buf_init(&buf, 1 << 20);
    assert_int_equal(json_history(protocol, 30000000000, samples, count, &buf), 0);
    return rendered_take(&buf);
}

static void a_history_has_the_keys_of_the_interface(void **state)
{
    (void)state;
    struct history_sample samples[] = {
        {.at_ns = AT_NS,
         .time_wait_entered_total = 5000000000,
         .entered_known = true,
         .states = {[SOCK_TIME_WAIT] = 3, [SOCK_BOUND_INACTIVE] = 1},
         .verdict = VERDICT_HELD,
         .listening = true,
         .queue_length = 2,
         .queue_limit = 128,
         .bound_inactive_known = true},
        {.at_ns = AT_NS, .verdict = VERDICT_FREE},
    };
    cleanup(cleanup_free) char *text = history_text(PROTOCOL_TCP, samples, 2);
    assert_string_equal(
        text, "{\"step_seconds\":30,\"samples\":["
              "{\"at\":\"2026-11-22T19:03:28.345Z\",\"states\":{\"established\":0,\"syn_sent\":0,\"syn_recv\":0,"
              "\"fin_wait1\":0,\"fin_wait2\":0,\"time_wait\":3,\"close\":0,\"close_wait\":0,\"last_ack\":0,"
              "\"listen\":0,\"closing\":0,\"bound_inactive\":1},\"time_wait_entered_total\":5000000000,"
              "\"verdict\":\"held\",\"accept_queue\":{\"length\":2,\"limit\":128}},"
              "{\"at\":\"2026-11-22T19:03:28.345Z\",\"states\":{\"established\":0,\"syn_sent\":0,\"syn_recv\":0,"
              "\"fin_wait1\":0,\"fin_wait2\":0,\"time_wait\":0,\"close\":0,\"close_wait\":0,\"last_ack\":0,"
              "\"listen\":0,\"closing\":0},\"time_wait_entered_total\":null,"
              "\"verdict\":\"free\",\"accept_queue\":null}]}\n");
}

static void a_history_of_udp_has_the_states_of_udp(void **state)
{
    (void)state;
    struct history_sample sample = {.states = {[SOCK_CLOSE] = 1}, .bound_inactive_known = true};
    cleanup(cleanup_free) char *text = history_text(PROTOCOL_UDP, &sample, 1);
    assert_non_null(strstr(text, "\"states\":{\"established\":0,\"close\":1},"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_have_the_keys_of_the_interface),
        cmocka_unit_test(without_events_the_list_is_empty),
        cmocka_unit_test(what_is_answered_can_be_read_again),
        cmocka_unit_test(what_is_no_such_answer_is_refused),
        cmocka_unit_test(an_event_is_one_line_of_a_terminal_in_its_time_zone),
        cmocka_unit_test(a_history_has_the_keys_of_the_interface),
        cmocka_unit_test(a_history_of_udp_has_the_states_of_udp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
