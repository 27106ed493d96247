#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "render/memory_answer.h"
#include "report_sample.h"

#define OWNED_BY(pid)                                                                                                  \
    "{\"pid\":" pid ",\"process\":\"python3\",\"uid\":1000,\"unit\":\"app.service\",\"container_id\":\"0123\","        \
    "\"container_name\":\"web\",\"last_seen\":\"2026-11-22T19:03:20Z\",\"alive\":false,\"inferred\":false}"
#define OWNER OWNED_BY("4127")
#define COUNTED(local, count, owners)                                                                                  \
    "{\"state\":\"time_wait\",\"local\":\"" local "\",\"count\":" count                                                \
    ",\"longest_remaining_seconds\":41.7,\"owners\":[" owners "]}"
#define GROUP(local, owners) COUNTED(local, "3", owners)

/* Of JSON's values. */
#define ROW(endpoint, holders, taken_at, netns_id)                                                                     \
    "{\"endpoint\":" endpoint ",\"holders\":" holders ",\"taken_at\":" taken_at ",\"netns_id\":" netns_id "}"
#define ENDPOINT(protocol, port) "{\"protocol\":\"" protocol "\",\"address\":\"*\",\"port\":" port "}"
#define TCP(port) ENDPOINT("tcp", port)
#define TAKEN "\"2026-11-22T19:03:21Z\""
#define HERE "\"boot/7\""
#define ANSWER(groups) ROW(TCP("8080"), "[" groups "]", TAKEN, HERE)
#define LIST(rows) "{\"ports\":[" rows "]}"

#define NETNS "boot/7"
#define TAKEN_NS (INT64_C(1795374201) * CLOCK_NS_PER_S)

static struct memory_answer read_answer(const char *bytes)
{
    struct memory_answer answer;
    assert_int_equal(memory_answer_read(bytes, NETNS, &answer), 0);
    return answer;
}

/* Three TIME_WAITs on 127.0.0.1:8080, seen so long after the agent's report. */
static int attach(const char *bytes, uint32_t longest_ms, int64_t later_ms, struct report *report, int64_t *ret_seen_ns)
{
    cleanup(memory_answer_done) struct memory_answer answer = read_answer(bytes);
    struct report_port *port = report_sample_port(report, "8080", VERDICT_HELD, CAUSE_TIME_WAIT);
    struct holder *holder = report_sample_holder(port, SOCK_TIME_WAIT, "127.0.0.1", 3);
    holder->minisocket = true;
    holder->longest_remaining_ms = longest_ms;
    return memory_answer_attach(&answer, TAKEN_NS + later_ms * CLOCK_NS_PER_MS, &port->verdict, ret_seen_ns);
}

static const struct holder *first(const struct report *report)
{
    return &report->netns.ports[0].verdict.holders[0];
}

static void sockets_that_the_agent_saw_get_the_owners_that_it_remembers(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    int64_t seen_ns = 0;
    assert_int_equal(attach(ANSWER(GROUP("127.0.0.1:8080", OWNER)), 31700, 10000, report, &seen_ns), 1);
    assert_int_equal(first(report)->owner_count, 1);
    assert_int_equal(first(report)->owners[0].pid, 4127);
    assert_string_equal(first(report)->owners[0].process, "python3");
    assert_string_equal(first(report)->owners[0].unit, "app.service");
    assert_string_equal(first(report)->owners[0].container, "0123");
    assert_string_equal(first(report)->owners[0].container_name, "web");
    assert_false(first(report)->owners[0].alive || first(report)->owners[0].inferred);
    assert_true(seen_ns == TAKEN_NS - CLOCK_NS_PER_S);
}

static void of_sockets_that_came_later_they_are_inferred(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    int64_t seen_ns;
    assert_int_equal(attach(ANSWER(GROUP("127.0.0.1:8080", OWNER)), 59000, 10000, report, &seen_ns), 1);
    assert_true(first(report)->owners[0].inferred);
}

static void another_address_says_nothing(void **state)
{
    (void)state;
    cleanup(report_sample_freep) struct report *report = report_sample_new();
    int64_t seen_ns = 7;
    assert_int_equal(attach(ANSWER(GROUP("127.0.0.2:8080", OWNER)), 31700, 10000, report, &seen_ns), 0);
    assert_int_equal(first(report)->owner_count, 0);
    assert_true(seen_ns == 7);
}

static void of_all_ports_each_gets_its_own(void **state)
{
    (void)state;
    static const char list[] = LIST(ANSWER(GROUP("127.0.0.1:8080", OWNER)) "," ROW(
        TCP("8081"), "[" GROUP("127.0.0.1:8081", OWNED_BY("7")) "]", TAKEN, HERE));
    static const struct {
        const char *endpoint;
        int32_t pid; /* 0: nobody */
    } cases[] = {{"8080", 4127}, {"8081", 7}, {"8082", 0}, {"8080/udp", 0}};
    cleanup(memory_answer_done) struct memory_answer answer = read_answer(list);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup(report_sample_freep) struct report *report = report_sample_new();
        struct report_port *port = report_sample_port(report, cases[i].endpoint, VERDICT_HELD, CAUSE_TIME_WAIT);
        struct holder *holder = report_sample_holder(port, SOCK_TIME_WAIT, "127.0.0.1", 3);
        holder->minisocket = true;
        int64_t seen_ns;
        int attached = memory_answer_attach(&answer, TAKEN_NS, &port->verdict, &seen_ns);
        assert_int_equal(attached, cases[i].pid != 0);
        assert_int_equal(attached > 0 ? holder->owners[0].pid : 0, cases[i].pid);
    }
}

static void what_is_of_another_namespace_or_not_of_tcp_is_left_out(void **state)
{
    (void)state;
#define GROUPS "[" GROUP("127.0.0.1:8080", OWNER) "]"
#define ELSEWHERE ROW(TCP("8080"), GROUPS, TAKEN, "\"boot/8\"")
#define UDP ROW(ENDPOINT("udp", "8080"), GROUPS, TAKEN, HERE)
    static const char *const others[] = {ELSEWHERE, UDP, LIST(ELSEWHERE "," UDP), LIST("")};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        cleanup(report_sample_freep) struct report *report = report_sample_new();
        int64_t seen_ns;
        assert_int_equal(attach(others[i], 31700, 10000, report, &seen_ns), 0);
        assert_int_equal(first(report)->owner_count, 0);
    }
}

static void what_is_no_such_answer_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "[]",
        "{}",
        "{\"holders\":[]}",
        ANSWER("") "x",
        ANSWER("1"),
        ANSWER("{}"),
        ANSWER(GROUP("127.0.0.1:8080", "{}")),
        ANSWER(GROUP("127.0.0.1:8080", "null")),
        ANSWER(COUNTED("127.0.0.1:8080", "-1", "")),
        ROW("{}", "[]", TAKEN, HERE),
        ROW("null", "[]", TAKEN, HERE),
        ROW(TCP("65536"), "[]", TAKEN, HERE),
        ROW(TCP("\"8080\""), "[]", TAKEN, HERE),
        ROW(TCP("8080"), "{}", TAKEN, HERE),
        ROW(TCP("8080"), "[]", "\"yesterday\"", HERE),
        ROW(TCP("8080"), "[]", TAKEN, "7"),
        "{\"ports\":{}}",
        "{\"ports\":1}",
        LIST("1"),
        LIST("{}"),
        LIST(ANSWER("") "," ANSWER("1")),
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct memory_answer answer;
        assert_int_equal(memory_answer_read(wrong[i], NETNS, &answer), -EINVAL);
    }
}

static void names_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    char bytes[2048];
    char name[OWNER_PROCESS_MAX + 1];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    (void)snprintf(
        bytes, sizeof(bytes),
        ANSWER(GROUP("127.0.0.1:8080",
                     "{\"pid\":1,\"process\":\"%s\",\"uid\":0,"
                     "\"unit\":null,\"container_id\":null,\"last_seen\":\"2026-11-22T19:03:20Z\",\"alive\":true,"
                     "\"inferred\":false}")),
        name);
    struct memory_answer answer;
    assert_int_equal(memory_answer_read(bytes, NETNS, &answer), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_that_the_agent_saw_get_the_owners_that_it_remembers),
        cmocka_unit_test(of_sockets_that_came_later_they_are_inferred),
        cmocka_unit_test(another_address_says_nothing),
        cmocka_unit_test(of_all_ports_each_gets_its_own),
        cmocka_unit_test(what_is_of_another_namespace_or_not_of_tcp_is_left_out),
        cmocka_unit_test(what_is_no_such_answer_is_refused),
        cmocka_unit_test(names_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
