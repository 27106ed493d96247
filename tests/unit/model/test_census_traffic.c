#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "census_round.h"

static struct census_limits limits_of(size_t max_ports)
{
    return (struct census_limits){.max_ports = max_ports,
                                  .track_listeners = true,
                                  .track_traffic = true,
                                  .forget_after_ns = 100 * CLOCK_NS_PER_S};
}

static struct census *new_census(size_t max_ports)
{
    struct census_limits limits = limits_of(max_ports);
    return census_round_new(&limits);
}

/* The total under a label; UINT64_MAX when there is no such counter. */
static uint64_t entered(const struct census *census, uint32_t label)
{
    const struct entered *counters = census_entered(census);
    for (size_t i = 0; i < entered_count(counters); i++)
        if (entered_at(counters, i)->label == label)
            return entered_at(counters, i)->total;
    return UINT64_MAX;
}

/* The only row; NULL when there is none. */
static const struct destination *only_row(const struct census *census)
{
    const struct destinations *destinations = census_destinations(census);
    assert_in_range(destinations_count(destinations), 0, 1);
    return destinations_count(destinations) == 1 ? destinations_at(destinations, 0) : NULL;
}

static void a_time_wait_counts_under_its_port_or_under_the_sum_of_its_range(void **state)
{
    (void)state;
    struct census_limits limits = limits_of(16);
    cleanup(census_freep) struct census *census = census_round_new(&limits);
    assert_int_equal(census_round_configure(census, &limits, {PROTOCOL_TCP, 9000}), 0);
    census_round_take(census, 1, WORLD("time_wait 10.0.0.1 port 9000 cookie 90"));
    census_round_take(census, 2,
                      WORLD("listen 0.0.0.0 port 50000 cookie 1", "listen 0.0.0.0 port 80 cookie 2",
                            "time_wait 10.0.0.1 port 9000 cookie 90 x3", "time_wait 10.0.0.1 port 80 cookie 10 x4",
                            "time_wait 10.0.0.1 port 50000 cookie 20 x5", "time_wait 10.0.0.1 port 40000 cookie 30 x6",
                            "time_wait 10.0.0.1 port 81 cookie 40 x7"));
    assert_int_equal(entered(census, 9000), 2);
    assert_int_equal(entered(census, 80), 4);
    assert_int_equal(entered(census, 50000), 5);
    assert_int_equal(entered(census, ENTERED_EPHEMERAL), 6);
    assert_int_equal(entered(census, ENTERED_OTHER), 7);
}

/* Both counters are taken: what is watched later gets one of its own all the same. */
static void counters_outlive_another_configuration(void **state)
{
    (void)state;
    struct census_limits limits = limits_of(2);
    cleanup(census_freep) struct census *census = census_round_new(&limits);
    census_round_take(census, 1, NULL);
    census_round_take(census, 2,
                      WORLD("listen 0.0.0.0 port 80 cookie 1", "listen 0.0.0.0 port 81 cookie 2",
                            "time_wait 10.0.0.1 port 80 cookie 10 x3", "time_wait 10.0.0.1 port 90 cookie 20 x4"));
    assert_int_equal(census_round_configure(census, &limits, {PROTOCOL_TCP, 90}, {PROTOCOL_TCP, 91}), 0);
    census_round_take(census, 3,
                      WORLD("time_wait 10.0.0.1 port 80 cookie 10 x5", "time_wait 10.0.0.1 port 90 cookie 20 x6",
                            "time_wait 10.0.0.1 port 91 cookie 30"));
    assert_int_equal(entered(census, 80), 5);
    assert_int_equal(entered(census, 81), 0);
    assert_int_equal(entered(census, 90), 2);
    assert_int_equal(entered(census, 91), 1);
    assert_int_equal(entered(census, ENTERED_OTHER), 4);
}

static void a_walk_that_failed_half_way_counts_nothing(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16);
    census_round_take(census, 1, WORLD("listen 0.0.0.0 cookie 1"));
    for (int attempt = 0; attempt < 2; attempt++) {
        census_round_begin(census, 2);
        world_enter(census, WORLD("listen 0.0.0.0 cookie 1", "time_wait 10.0.0.1 cookie 10 x500",
                                  "time_wait 10.0.0.1 port 40000 to 10.0.0.9 80 cookie 1000"));
    }
    census_round_take(census, 3,
                      WORLD("listen 0.0.0.0 cookie 1", "time_wait 10.0.0.1 cookie 10 x2",
                            "time_wait 10.0.0.1 port 40000 to 10.0.0.9 80 cookie 1000"));
    assert_int_equal(entered(census, WORLD_PORT), 2);
    assert_int_equal(entered(census, ENTERED_EPHEMERAL), 1);
    assert_int_equal(only_row(census)->entered_total, 1);
}

static void a_counter_outlives_the_tracking_of_its_port(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(1);
    census_round_take(census, 1, WORLD("listen 0.0.0.0 port 80 cookie 1"));
    census_round_take(census, 2, WORLD("time_wait 10.0.0.1 port 80 cookie 10 x5"));
    census_round_take(census, 3, NULL);
    census_round_take(census, 4, WORLD("listen 0.0.0.0 port 81 cookie 2"));
    assert_null(census_port_find(census, PROTOCOL_TCP, 80));
    census_round_take(census, 5,
                      WORLD("listen 0.0.0.0 port 81 cookie 2", "time_wait 10.0.0.1 port 80 cookie 20 x3",
                            "time_wait 10.0.0.1 port 81 cookie 30 x4"));
    assert_int_equal(entered(census, 80), 5 + 3);
    assert_int_equal(entered(census, 81), UINT64_MAX);
    assert_int_equal(entered(census, ENTERED_OTHER), 4);
    census_round_take(census, 200, NULL);
    assert_int_equal(census_port_count(census), 0);
    assert_int_equal(entered(census, 80), 8);
}

static void what_arrives_at_a_listener_leads_nowhere(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16);
    census_round_take(census, 1,
                      WORLD("listen 0.0.0.0 port 40000 cookie 1", "established 10.0.0.1 port 40000 to 10.0.0.9 5000",
                            "time_wait 10.0.0.1 port 40000 to 10.0.0.9 5001",
                            "syn_recv 10.0.0.1 port 40001 to 10.0.0.9 5001",
                            "established 10.0.0.1 port 8080 to 10.0.0.9 5002"));
    assert_null(only_row(census));
    assert_true(port_set_has(census_bound_ports(census), 40000));
    assert_false(port_set_has(census_bound_ports(census), 40001));
}

/* Until the last of them is gone, connect() has no use for the port. */
static void time_waits_that_a_listener_leaves_behind_lead_nowhere_and_keep_the_port(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16);
    const char *left = "time_wait 10.0.0.1 port 40000 to 10.0.0.9 5001 cookie 11 x3";
    census_round_take(census, 1, WORLD("listen 0.0.0.0 port 40000 cookie 1", left));
    census_round_begin(census, 2);
    for (int64_t now_s = 2; now_s < 5; now_s++) {
        census_round_take(census, now_s, WORLD(left));
        assert_null(only_row(census));
        assert_true(port_set_has(census_bound_ports(census), 40000));
    }
    census_round_take(census, 5, NULL);
    assert_false(port_set_has(census_bound_ports(census), 40000));
    census_round_take(census, 6, WORLD("time_wait 10.0.0.1 port 40000 to 10.0.0.9 80 cookie 20"));
    assert_int_equal(only_row(census)->time_wait, 1);
}

static void a_port_is_open_to_connect_as_soon_as_its_listener_is_gone(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16);
    census_round_take(census, 1, WORLD("listen 0.0.0.0 port 40000 cookie 1"));
    census_round_take(census, 2, WORLD("established 10.0.0.1 port 40000 to 10.0.0.9 80 cookie 20"));
    assert_false(port_set_has(census_bound_ports(census), 40000));
    assert_int_equal(only_row(census)->live, 1);
}

/* Of another address: the port is lost to all others, but its connection still is one. */
static void a_socket_that_is_only_bound_does_not_hide_a_connection(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16);
    census_round_take(census, 1,
                      WORLD("bound_inactive 10.0.0.2 port 40000 cookie 1",
                            "established 10.0.0.1 port 40000 to 10.0.0.9 80 cookie 2"));
    assert_int_equal(only_row(census)->live, 1);
    assert_int_equal(only_row(census)->chosen, 1);
    assert_true(port_set_has(census_bound_ports(census), 40000));
    census_round_take(census, 2, WORLD("established 10.0.0.1 port 40000 to 10.0.0.9 80 cookie 2"));
    assert_int_equal(only_row(census)->chosen, 0);
    assert_false(port_set_has(census_bound_ports(census), 40000));
}

static struct sock outgoing(uint16_t port)
{
    return (struct sock){.local = world_address("10.0.0.1"),
                         .local_port = port,
                         .remote = world_address("10.0.0.9"),
                         .remote_port = 80,
                         .cookie = port};
}

static void a_connection_that_chose_its_port_is_marked_once(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16);
    for (int64_t now_s = 1; now_s < 4; now_s++) {
        census_round_begin(census, now_s);
        world_enter(census, WORLD("bound_inactive 10.0.0.2 port 40001 cookie 1"));
        for (uint16_t port = 40000; port < 40003; port++) {
            struct sock sock = outgoing(port);
            assert_int_equal(census_add(census, &sock), 0);
        }
        census_end(census);
        for (uint16_t port = 40000; port < 40002; port++) {
            struct sock sock = outgoing(port);
            census_add_chosen(census, &sock);
        }
        assert_int_equal(only_row(census)->live, 3);
        assert_int_equal(only_row(census)->chosen, 2);
        assert_true(port_set_has(census_bound_ports(census), 40000));
        assert_true(port_set_has(census_bound_ports(census), 40001));
        assert_false(port_set_has(census_bound_ports(census), 40002));
    }
}

/* The kernel tells of live sockets only whether they chose their port. */
static void a_port_that_was_chosen_stays_so_in_time_wait(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16);
    struct sock sock = outgoing(40000);
    census_round_begin(census, 1);
    assert_int_equal(census_add(census, &sock), 0);
    census_end(census);
    census_add_chosen(census, &sock);
    sock.minisocket = true;
    sock.remaining_ms = 1000;
    for (int64_t now_s = 2; now_s < 6; now_s++) {
        sock.state = now_s < 4 ? SOCK_FIN_WAIT2 : SOCK_TIME_WAIT;
        census_round_begin(census, now_s);
        assert_int_equal(census_add(census, &sock), 0);
        census_end(census);
        assert_true(port_set_has(census_bound_ports(census), 40000));
        assert_int_equal(only_row(census)->chosen, 1);
        assert_int_equal(only_row(census)->reusable, 0);
    }
    assert_int_equal(only_row(census)->entered_total, 1);
    census_round_take(census, 6, NULL);
    assert_false(port_set_has(census_bound_ports(census), 40000));
}

/* The dump still had it alive; when the kernel was asked who chose their ports, it was in TIME_WAIT. */
static void a_port_that_was_chosen_stays_so_when_it_ends_during_a_round(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16);
    struct sock sock = outgoing(40000);
    for (int64_t now_s = 1; now_s < 3; now_s++) {
        census_round_begin(census, now_s);
        assert_int_equal(census_add(census, &sock), 0);
        census_end(census);
        if (now_s == 1)
            census_add_chosen(census, &sock);
    }
    sock.state = SOCK_TIME_WAIT;
    sock.minisocket = true;
    sock.remaining_ms = 1000;
    census_round_begin(census, 3);
    assert_int_equal(census_add(census, &sock), 0);
    census_end(census);
    assert_true(port_set_has(census_bound_ports(census), 40000));
    assert_int_equal(only_row(census)->chosen, 1);
}

static void only_tcp_ports_are_kept_from_connect_by_a_bind(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16);
    census_round_take(census, 1,
                      WORLD("bound_inactive 0.0.0.0 port 32767", "bound_inactive 0.0.0.0 port 40000",
                            "udp close 0.0.0.0 port 40001", "udp established 10.0.0.1 port 40000 to 10.0.0.9 53"));
    assert_false(port_set_has(census_bound_ports(census), 32767));
    assert_true(port_set_has(census_bound_ports(census), 40000));
    assert_false(port_set_has(census_bound_ports(census), 40001));
    assert_int_equal(only_row(census)->protocol, PROTOCOL_UDP);
    assert_int_equal(only_row(census)->chosen, 0);
}

/* Whether connect() may take over the one socket of this line. */
static bool is_reusable(const char *line, int64_t tw_reuse, int64_t timestamps)
{
    cleanup(census_freep) struct census *census = new_census(16);
    struct kernel_settings settings = world_settings();
    settings.tw_reuse = tw_reuse;
    settings.timestamps = timestamps;
    census_begin(census, CLOCK_NS_PER_S, &settings);
    world_enter(census, WORLD(line));
    census_end(census);
    return only_row(census)->reusable == 1;
}

static void a_time_wait_is_reusable_as_tcp_tw_reuse_says(void **state)
{
    (void)state;
    static const char far[] = "time_wait 10.0.0.1 port 40000 to 10.0.0.9 80 left 50000";
    static const char near[] = "time_wait 127.0.0.1 port 40000 to 127.0.0.1 80 left 50000";
    static const char near6[] = "time_wait ::1 port 40000 to ::1 80 left 50000";
    static const char mapped[] = "time_wait ::ffff:127.0.0.1 port 40000 to ::ffff:127.0.0.1 80 left 50000";
    assert_false(is_reusable(far, 0, 1));
    assert_true(is_reusable(far, 1, 1));
    assert_false(is_reusable(far, 2, 1));
    assert_false(is_reusable(near, 0, 1));
    assert_true(is_reusable(near, 1, 1));
    assert_true(is_reusable(near, 2, 1));
    assert_true(is_reusable(near6, 2, 1));
    assert_true(is_reusable(mapped, 2, 1));
    assert_false(is_reusable(far, KERNEL_UNKNOWN, 1));
    assert_false(is_reusable(far, 1, 0));
    assert_true(is_reusable(far, 1, KERNEL_UNKNOWN));
}

static void a_time_wait_is_reusable_only_after_the_delay(void **state)
{
    (void)state;
    assert_false(is_reusable("time_wait 10.0.0.1 port 40000 to 10.0.0.9 80 left 60000", 1, 1));
    assert_false(is_reusable("time_wait 10.0.0.1 port 40000 to 10.0.0.9 80 left 59000", 1, 1));
    assert_true(is_reusable("time_wait 10.0.0.1 port 40000 to 10.0.0.9 80 left 58996", 1, 1));
    assert_false(is_reusable("fin_wait2 10.0.0.1 port 40000 to 10.0.0.9 80 orphan left 50000", 1, 1));
}

static void a_time_wait_on_a_port_that_a_bind_keeps_is_not_reusable(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16);
    struct kernel_settings settings = world_settings();
    settings.tw_reuse = 1;
    census_begin(census, CLOCK_NS_PER_S, &settings);
    world_enter(census,
                WORLD("bound_inactive 10.0.0.2 port 40000", "time_wait 10.0.0.1 port 40000 to 10.0.0.9 80 left 50000"));
    census_end(census);
    assert_int_equal(only_row(census)->time_wait, 1);
    assert_int_equal(only_row(census)->reusable, 0);
}

/* Ten connections and twenty TIME_WAITs more, in ten seconds. */
static void rates_are_those_since_the_last_round_that_was_whole(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16);
    census_round_begin(census, 1);
    struct sock sock = outgoing(40000);
    assert_int_equal(census_add(census, &sock), 0);
    census_end(census);
    census_round_begin(census, 6);
    assert_int_equal(census_add(census, &sock), 0);
    census_round_begin(census, 11);
    for (uint16_t port = 40000; port < 40031; port++) {
        sock = outgoing(port);
        sock.state = port > 40010 ? SOCK_TIME_WAIT : SOCK_ESTABLISHED;
        sock.minisocket = port > 40010;
        assert_int_equal(census_add(census, &sock), 0);
    }
    census_end(census);
    assert_true(only_row(census)->growth_per_second == 1);
    assert_true(only_row(census)->entered_per_second == 2);
}

static void without_tracking_of_traffic_there_is_none(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(16);
    census_round_take(census, 1, WORLD("time_wait 10.0.0.1 port 40000 to 10.0.0.9 80"));
    assert_null(census_ledger(census));
    assert_null(census_entered(census));
    assert_null(census_destinations(census));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_wait_counts_under_its_port_or_under_the_sum_of_its_range),
        cmocka_unit_test(counters_outlive_another_configuration),
        cmocka_unit_test(a_walk_that_failed_half_way_counts_nothing),
        cmocka_unit_test(a_counter_outlives_the_tracking_of_its_port),
        cmocka_unit_test(what_arrives_at_a_listener_leads_nowhere),
        cmocka_unit_test(time_waits_that_a_listener_leaves_behind_lead_nowhere_and_keep_the_port),
        cmocka_unit_test(a_port_is_open_to_connect_as_soon_as_its_listener_is_gone),
        cmocka_unit_test(a_socket_that_is_only_bound_does_not_hide_a_connection),
        cmocka_unit_test(a_connection_that_chose_its_port_is_marked_once),
        cmocka_unit_test(a_port_that_was_chosen_stays_so_in_time_wait),
        cmocka_unit_test(a_port_that_was_chosen_stays_so_when_it_ends_during_a_round),
        cmocka_unit_test(only_tcp_ports_are_kept_from_connect_by_a_bind),
        cmocka_unit_test(a_time_wait_is_reusable_as_tcp_tw_reuse_says),
        cmocka_unit_test(a_time_wait_is_reusable_only_after_the_delay),
        cmocka_unit_test(a_time_wait_on_a_port_that_a_bind_keeps_is_not_reusable),
        cmocka_unit_test(rates_are_those_since_the_last_round_that_was_whole),
        cmocka_unit_test(without_tracking_of_traffic_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
