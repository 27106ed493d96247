#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <math.h>

#include "judge/ephemeral.h"
#include "world.h"

/* Ten ports, 40000 to 40009, of which 40004 is reserved. */
static struct kernel_settings ten_ports(void)
{
    struct kernel_settings settings = world_settings();
    settings.local_port_low = 40000;
    settings.local_port_high = 40009;
    port_set_add(&settings.reserved, 40004);
    port_set_add(&settings.reserved, 40010);
    return settings;
}

static struct ephemeral_range range_with(const struct port_set *bound, const struct port_set *udp_used)
{
    struct kernel_settings settings = ten_ports();
    struct ephemeral_range range;
    ephemeral_range_of(&settings, bound, udp_used, &range);
    return range;
}

static void only_what_is_inside_the_range_counts(void **state)
{
    (void)state;
    struct port_set bound = {0};
    struct port_set udp_used = {0};
    static const uint16_t ports[] = {1, 39999, 40000, 40004, 40009, 40010, 65535};
    for (size_t i = 0; i < sizeof(ports) / sizeof(*ports); i++) {
        port_set_add(&bound, ports[i]);
        port_set_add(&udp_used, ports[i]);
    }
    port_set_add(&udp_used, 40001);
    struct ephemeral_range range = range_with(&bound, &udp_used);
    assert_int_equal(range.size, 10);
    assert_int_equal(range.reserved, 1);
    assert_int_equal(range.bound, 2);
    assert_int_equal(range.udp_in_use, 3);
}

static void a_range_up_to_the_last_port_ends_there(void **state)
{
    (void)state;
    struct kernel_settings settings = world_settings();
    settings.local_port_low = 1;
    settings.local_port_high = 65535;
    struct port_set none = {0};
    struct ephemeral_range range;
    ephemeral_range_of(&settings, &none, &none, &range);
    assert_int_equal(range.size, 65535);
    assert_int_equal(range.reserved, 0);
}

static uint32_t usable(const struct destination *destination)
{
    struct port_set bound = {0};
    struct port_set udp_used = {0};
    port_set_add(&bound, 40001);
    port_set_add(&bound, 40002);
    port_set_add(&udp_used, 40007);
    port_set_add(&udp_used, 40008);
    port_set_add(&udp_used, 40009);
    struct ephemeral_range range = range_with(&bound, &udp_used);
    return ephemeral_usable(&range, destination);
}

static void reserved_ports_and_those_that_a_bind_keeps_are_taken_off(void **state)
{
    (void)state;
    assert_int_equal(usable(&(struct destination){0}), 10 - 1 - 2);
    assert_int_equal(usable(&(struct destination){.live = 3}), 7);
    assert_int_equal(usable(&(struct destination){.live = 2, .time_wait = 5}), 7);
}

/* Two connections that have the two ports of binds use up none that is open to all. */
static void a_port_that_was_chosen_towards_it_is_taken_but_no_loss_to_others(void **state)
{
    (void)state;
    assert_int_equal(usable(&(struct destination){.live = 3, .chosen = 2}), 7 + 2);
    assert_int_equal(usable(&(struct destination){.live = 9, .chosen = 2}), 9);
}

static void a_time_wait_that_connect_may_take_over_is_usable(void **state)
{
    (void)state;
    assert_int_equal(usable(&(struct destination){.time_wait = 7, .reusable = 4}), 7 + 4);
}

static void more_taken_than_the_range_has_is_full_not_less_than_nothing(void **state)
{
    (void)state;
    assert_int_equal(usable(&(struct destination){.live = 12}), 12);
    assert_int_equal(usable(&(struct destination){.live = 1, .chosen = 3}), 1 + 7);
}

static void a_udp_port_in_use_is_lost_to_every_destination(void **state)
{
    (void)state;
    struct destination destination = {.protocol = PROTOCOL_UDP};
    assert_int_equal(usable(&destination), 10 - 1 - 3);
    destination.live = 3;
    assert_int_equal(usable(&destination), 9);
    destination.live = 1;
    assert_int_equal(usable(&destination), 7);
}

static void the_ratio_is_one_exactly_when_nothing_is_left(void **state)
{
    (void)state;
    struct port_set none = {0};
    struct ephemeral_range range = range_with(&none, &none);
    for (uint32_t live = 0; live < 9; live++) {
        double ratio = ephemeral_ratio(&range, &(struct destination){.live = live});
        assert_true(ratio < 1 && fabs(ratio - live / 9.0) < 1e-9);
    }
    assert_true(ephemeral_ratio(&range, &(struct destination){.live = 4, .time_wait = 5}) == 1);
    assert_true(ephemeral_ratio(&range, &(struct destination){.time_wait = 9, .reusable = 1}) < 1);
}

static void a_destination_without_a_socket_is_full_when_no_port_is_left(void **state)
{
    (void)state;
    struct port_set all = {0};
    struct port_set none = {0};
    for (uint16_t port = 40000; port <= 40009; port++)
        port_set_add(&all, port);
    struct ephemeral_range bound = range_with(&all, &none);
    struct ephemeral_range leaked = range_with(&none, &all);
    struct destination udp = {.protocol = PROTOCOL_UDP};
    struct destination tcp = {.protocol = PROTOCOL_TCP};
    assert_true(ephemeral_ratio(&bound, &tcp) == 1);
    assert_true(ephemeral_ratio(&bound, &udp) == 0);
    assert_true(ephemeral_ratio(&leaked, &tcp) == 0);
    assert_true(ephemeral_ratio(&leaked, &udp) == 1);
}

static double seconds_left(uint32_t live, uint32_t time_wait, double entered, double growth)
{
    struct destination destination = {
        .live = live, .time_wait = time_wait, .entered_per_second = entered, .growth_per_second = growth};
    return ephemeral_seconds_left(1000, &destination);
}

static void assert_near(double value, double wanted)
{
    if (fabs(value - wanted) > 1e-6)
        fail_msg("%f is not %f", value, wanted);
}

static void nothing_left_is_now(void **state)
{
    (void)state;
    assert_near(seconds_left(400, 600, 0, -5), 0);
    assert_near(seconds_left(1100, 0, 0, 0), 0);
}

static void without_growth_the_end_is_not_in_sight(void **state)
{
    (void)state;
    assert_true(seconds_left(500, 0, 0, 0) < 0);
    assert_true(seconds_left(500, 0, 0, -1) < 0);
}

static void live_connections_that_grow_use_up_what_is_left(void **state)
{
    (void)state;
    assert_near(seconds_left(500, 0, 0, 5), 100);
}

/* 50 a second are 3,000 in 60 s; 10 a second never more than 600. */
static void time_waits_grow_for_a_minute_and_no_longer(void **state)
{
    (void)state;
    assert_near(seconds_left(0, 0, 50, 0), 20);
    assert_near(seconds_left(0, 500, 50, 0), 10);
    assert_true(seconds_left(0, 0, 10, 0) < 0);
    assert_true(seconds_left(0, 600, 10, 0) < 0);
    assert_near(seconds_left(0, 600, 10, 4), 100);
    /* The 300 that are still to come take 30 s, in which 60 connections are added; then it is 2 a second. */
    assert_near(seconds_left(0, 300, 10, 2), 30 + (1000.0 - 300 - 300 - 60) / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_inside_the_range_counts),
        cmocka_unit_test(a_range_up_to_the_last_port_ends_there),
        cmocka_unit_test(reserved_ports_and_those_that_a_bind_keeps_are_taken_off),
        cmocka_unit_test(a_port_that_was_chosen_towards_it_is_taken_but_no_loss_to_others),
        cmocka_unit_test(a_time_wait_that_connect_may_take_over_is_usable),
        cmocka_unit_test(more_taken_than_the_range_has_is_full_not_less_than_nothing),
        cmocka_unit_test(a_udp_port_in_use_is_lost_to_every_destination),
        cmocka_unit_test(the_ratio_is_one_exactly_when_nothing_is_left),
        cmocka_unit_test(a_destination_without_a_socket_is_full_when_no_port_is_left),
        cmocka_unit_test(nothing_left_is_now),
        cmocka_unit_test(without_growth_the_end_is_not_in_sight),
        cmocka_unit_test(live_connections_that_grow_use_up_what_is_left),
        cmocka_unit_test(time_waits_grow_for_a_minute_and_no_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
