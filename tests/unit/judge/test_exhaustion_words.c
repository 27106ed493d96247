#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "exhaustion_round.h"

#define TO "10.0.0.5"

/* What is said of a census of one round, with these settings and services. */
static struct exhaustion explained(const struct census *census, const struct kernel_settings *settings,
                                   const struct port_set *services)
{
    const struct port_set none = {0};
    struct exhaustion exhaustion;
    assert_int_equal(exhaustion_round_find(census, settings, NULL, &exhaustion), 0);
    assert_int_equal(exhaustion_explain(&exhaustion, settings, services != NULL ? services : &none, NULL), 0);
    const char *text = exhaustion.explanation;
    assert_int_equal(text[strlen(text) - 1], '.');
    assert_null(strstr(text, "might"));
    assert_null(strstr(text, "  "));
    assert_null(strchr(text, '\n'));
    return exhaustion;
}

static struct exhaustion full_of_time_wait(const struct kernel_settings *settings, const char *to,
                                           const struct port_set *services)
{
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_wait(census, 40000, 100, to, 5432);
    exhaustion_round_end(census);
    return explained(census, settings, services);
}

static bool says(const struct exhaustion *exhaustion, const char *words)
{
    return strstr(exhaustion->explanation, words) != NULL;
}

/* The remedy whose command, or else whose text, has the words; NULL: there is none. */
static const struct remedy *remedy_with(const struct exhaustion *exhaustion, const char *words)
{
    for (size_t i = 0; i < exhaustion->remedy_count; i++) {
        const struct remedy *remedy = &exhaustion->remedies[i];
        assert_non_null(remedy->text);
        if (strstr(remedy->command != NULL ? remedy->command : remedy->text, words) != NULL)
            return remedy;
    }
    return NULL;
}

static void far_from_exhaustion_there_is_nothing_to_do_and_other_reasons_are_named(void **state)
{
    (void)state;
    struct kernel_settings settings = exhaustion_round_settings();
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_connect(census, 40000, 10, TO, 5432);
    exhaustion_round_end(census);
    cleanup(exhaustion_done) struct exhaustion exhaustion = explained(census, &settings, NULL);
    assert_int_equal(exhaustion.remedy_count, 0);
    assert_true(says(&exhaustion, "not local"));
    assert_true(says(&exhaustion, "but 90 have none. 100 have no UDP socket."));
}

static void a_range_without_a_free_port_refuses_bind_to_port_0(void **state)
{
    (void)state;
    struct kernel_settings settings = exhaustion_round_settings();
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    for (uint16_t i = 0; i < 10; i++)
        exhaustion_round_connect(census, 40000 + i * 10, 10, TO, (uint16_t)(5432 + i));
    exhaustion_round_end(census);
    cleanup(exhaustion_done) struct exhaustion exhaustion = explained(census, &settings, NULL);
    assert_int_equal(exhaustion.kind, EXHAUSTION_FAR);
    assert_true(says(&exhaustion, "has a TCP socket, as now."));
    assert_int_equal(remedy_with(&exhaustion, "IP_BIND_ADDRESS_NO_PORT")->kind, REMEDY_CODE);
    assert_non_null(remedy_with(&exhaustion, "ip_local_port_range"));
}

static void the_rate_is_held_against_what_the_ports_bear(void **state)
{
    (void)state;
    struct kernel_settings settings = exhaustion_round_settings();
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_wait(census, 40000, 60, TO, 5432);
    exhaustion_round_end(census);
    exhaustion_round_begin(census, 2);
    exhaustion_round_wait(census, 40000, 80, TO, 5432);
    exhaustion_round_connect(census, 40080, 10, TO, 5432);
    exhaustion_round_end(census);
    cleanup(exhaustion_done) struct exhaustion exhaustion = explained(census, &settings, NULL);
    assert_true(says(&exhaustion, "About 10 more enter it every second, 600 in 60 s: 90 ports bear 1 a second."));
    assert_false(says(&exhaustion, "Who opened them"));
}

static void what_fills_it_decides_what_helps(void **state)
{
    (void)state;
    struct kernel_settings settings = exhaustion_round_settings();
    static const struct {
        int bound;
        int live;
        int waiting;
        const char *words;
        const char *remedy;
        const char *not_this;
    } cases[] = {
        {0, 100, 0, "connections that are open", "limit how many are open", "tcp_tw_reuse"},
        {0, 10, 90, "Most are in TIME_WAIT", "keep-alive", "limit"},
        {90, 10, 0, "chosen by bind()", "IP_BIND_ADDRESS_NO_PORT", "keep-alive"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup(census_freep) struct census *census = exhaustion_round_new(0);
        exhaustion_round_bind(census, 40000, cases[i].bound);
        exhaustion_round_connect(census, 40000 + cases[i].bound, cases[i].live, TO, 5432);
        exhaustion_round_wait(census, 40000 + cases[i].bound + cases[i].live, cases[i].waiting, TO, 5432);
        exhaustion_round_end(census);
        cleanup(exhaustion_done) struct exhaustion exhaustion = explained(census, &settings, NULL);
        assert_int_equal(exhaustion.kind, EXHAUSTION_FULL);
        assert_true(says(&exhaustion, "None is left, so it fails with EADDRNOTAVAIL"));
        assert_true(says(&exhaustion, "Other destinations can still be reached."));
        assert_true(says(&exhaustion, cases[i].words));
        assert_non_null(remedy_with(&exhaustion, cases[i].remedy));
        assert_null(remedy_with(&exhaustion, cases[i].not_this));
    }
}

static void when_bind_chose_them_all_no_destination_is_said_to_be_left(void **state)
{
    (void)state;
    struct kernel_settings settings = exhaustion_round_settings();
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_bind(census, 40000, 100);
    exhaustion_round_end(census);
    cleanup(exhaustion_done) struct exhaustion exhaustion = explained(census, &settings, NULL);
    assert_int_equal(exhaustion.kind, EXHAUSTION_FULL);
    assert_false(says(&exhaustion, "Other destinations"));
}

static void tcp_tw_reuse_is_offered_only_where_it_changes_something(void **state)
{
    (void)state;
    static const struct {
        const char *to;
        int64_t tw_reuse;
        int64_t timestamps;
        bool offered;
    } cases[] = {
        {TO, 0, 1, true},  {TO, 1, 1, false},          {TO, 2, 1, true},
        {TO, 0, 0, false}, {"127.0.0.1", 2, 1, false}, {TO, KERNEL_UNKNOWN, 1, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kernel_settings settings = exhaustion_round_settings();
        settings.tw_reuse = cases[i].tw_reuse;
        settings.timestamps = cases[i].timestamps;
        cleanup(exhaustion_done) struct exhaustion exhaustion = full_of_time_wait(&settings, cases[i].to, NULL);
        const struct remedy *remedy = remedy_with(&exhaustion, "sysctl -w net.ipv4.tcp_tw_reuse=1");
        assert_int_equal(remedy != NULL, cases[i].offered);
        if (remedy != NULL) {
            assert_non_null(strstr(remedy->text, "older than 1 s"));
            assert_non_null(strstr(remedy->text, "never helps bind()"));
            assert_int_equal(strstr(remedy->text, "loopback only") != NULL, cases[i].tw_reuse == 2);
        }
    }
}

static void a_wider_range_reserves_the_ports_of_servers_that_it_takes_in(void **state)
{
    (void)state;
    struct kernel_settings settings = exhaustion_round_settings();
    struct port_set services = {0};
    port_set_add(&settings.reserved, 40099);
    port_set_add(&services, 8080);  /* below any wider range */
    port_set_add(&services, 12345); /* newly inside */
    port_set_add(&services, 40050); /* inside already */
    cleanup(exhaustion_done) struct exhaustion exhaustion = full_of_time_wait(&settings, TO, &services);
    const struct remedy *remedy = remedy_with(&exhaustion, "ip_local_port_range");
    assert_string_equal(remedy->command, "sysctl -w net.ipv4.ip_local_reserved_ports=12345,40099\n"
                                         "sysctl -w net.ipv4.ip_local_port_range=\"10240 65535\"");
    assert_non_null(strstr(remedy->text, "55195 ports more"));
    assert_non_null(strstr(remedy->text, "1 more that has a server"));
}

static void a_list_of_reserved_ports_that_is_not_known_is_not_overwritten(void **state)
{
    (void)state;
    struct kernel_settings settings = exhaustion_round_settings();
    struct port_set services = {0};
    settings.reserved_known = false;
    port_set_add(&services, 12345);
    port_set_add(&services, 12346);
    cleanup(exhaustion_done) struct exhaustion exhaustion = full_of_time_wait(&settings, TO, &services);
    const struct remedy *remedy = remedy_with(&exhaustion, "ip_local_port_range");
    assert_string_equal(remedy->command, "sysctl -w net.ipv4.ip_local_port_range=\"10240 65535\"");
    assert_non_null(strstr(remedy->text, "2 more have servers: reserve first"));
}

static void a_range_is_widened_as_far_as_the_kernel_lets_it(void **state)
{
    (void)state;
    static const struct {
        int64_t low;
        int64_t high;
        int64_t unprivileged_start;
        const char *command;
    } cases[] = {
        {40000, 40099, 20000, "=\"20000 65535\""},
        {5000, 40099, 1024, "=\"5000 65535\""},
        {10240, 65535, 1024, NULL},
        {1024, 65535, 1024, NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kernel_settings settings = exhaustion_round_settings();
        cleanup(census_freep) struct census *census = exhaustion_round_new(0);
        exhaustion_round_bind(census, 40000, 100);
        exhaustion_round_end(census);
        cleanup(exhaustion_done) struct exhaustion exhaustion;
        const struct port_set none = {0};
        assert_int_equal(exhaustion_round_find(census, &settings, NULL, &exhaustion), 0);
        settings.local_port_low = cases[i].low;
        settings.local_port_high = cases[i].high;
        settings.unprivileged_port_start = cases[i].unprivileged_start;
        assert_int_equal(exhaustion_explain(&exhaustion, &settings, &none, NULL), 0);
        if (cases[i].command != NULL)
            assert_non_null(remedy_with(&exhaustion, cases[i].command));
        else
            assert_null(remedy_with(&exhaustion, "ip_local_port_range"));
    }
}

static void who_has_most_of_them_is_named_for_the_end_only_when_it_is_full(void **state)
{
    (void)state;
    const struct port_set none = {0};
    struct kernel_settings settings = exhaustion_round_settings();
    static const struct {
        int live;
        uint32_t sockets;
        bool several;
        const char *unit;
        const char *command;
    } cases[] = {
        {100, 60, false, "", "kill 7"},
        {100, 60, false, "app.service", "systemctl stop app.service"},
        {100, 60, true, "app.service", "systemctl stop app.service"},
        {100, 60, true, "", NULL},
        {100, 40, false, "", NULL},
        {80, 80, false, "", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup(census_freep) struct census *census = exhaustion_round_new(0);
        exhaustion_round_connect(census, 40000, cases[i].live, TO, 5432);
        exhaustion_round_end(census);
        cleanup(exhaustion_done) struct exhaustion exhaustion;
        assert_int_equal(exhaustion_round_find(census, &settings, NULL, &exhaustion), 0);
        exhaustion.opener_count = 1;
        exhaustion.openers[0] =
            (struct exhaustion_opener){.owner = {.pid = 7}, .sockets = cases[i].sockets, .several = cases[i].several};
        memcpy(exhaustion.openers[0].owner.unit, cases[i].unit, strlen(cases[i].unit) + 1);
        assert_int_equal(exhaustion_explain(&exhaustion, &settings, &none, NULL), 0);
        const struct remedy *stop = NULL;
        for (size_t n = 0; n < exhaustion.remedy_count; n++)
            if (exhaustion.remedies[n].kind == REMEDY_STOP)
                stop = &exhaustion.remedies[n];
        assert_int_equal(stop != NULL, cases[i].command != NULL);
        if (stop != NULL)
            assert_string_equal(stop->command, cases[i].command);
    }
}

static void udp_has_errors_and_remedies_of_its_own(void **state)
{
    (void)state;
    struct kernel_settings settings = exhaustion_round_settings();
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_udp(census, 40000, 100, NULL, 0);
    exhaustion_round_end(census);
    cleanup(exhaustion_done) struct exhaustion exhaustion = explained(census, &settings, NULL);
    assert_true(says(&exhaustion, "EAGAIN"));
    assert_non_null(remedy_with(&exhaustion, "close UDP sockets"));
    assert_non_null(remedy_with(&exhaustion, "ip_local_port_range"));
    assert_null(remedy_with(&exhaustion, "tcp_tw_reuse"));
    assert_null(remedy_with(&exhaustion, "IP_BIND_ADDRESS_NO_PORT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(far_from_exhaustion_there_is_nothing_to_do_and_other_reasons_are_named),
        cmocka_unit_test(a_range_without_a_free_port_refuses_bind_to_port_0),
        cmocka_unit_test(the_rate_is_held_against_what_the_ports_bear),
        cmocka_unit_test(what_fills_it_decides_what_helps),
        cmocka_unit_test(when_bind_chose_them_all_no_destination_is_said_to_be_left),
        cmocka_unit_test(tcp_tw_reuse_is_offered_only_where_it_changes_something),
        cmocka_unit_test(a_wider_range_reserves_the_ports_of_servers_that_it_takes_in),
        cmocka_unit_test(a_list_of_reserved_ports_that_is_not_known_is_not_overwritten),
        cmocka_unit_test(a_range_is_widened_as_far_as_the_kernel_lets_it),
        cmocka_unit_test(who_has_most_of_them_is_named_for_the_end_only_when_it_is_full),
        cmocka_unit_test(udp_has_errors_and_remedies_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
