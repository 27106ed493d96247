#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "census_round.h"

static bool tracks(const struct census *census, enum protocol protocol, uint16_t port)
{
    return census_port_find(census, protocol, port) != NULL;
}

static void a_listener_earns_its_port_tracking_and_a_connection_does_not(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(16);
    census_round_take(census, 1,
                      WORLD("listen 0.0.0.0 port 80", "listen :: port 50000", "established 10.0.0.1 port 81"));
    assert_true(tracks(census, PROTOCOL_TCP, 80));
    assert_true(tracks(census, PROTOCOL_TCP, 50000));
    assert_false(census_port_find(census, PROTOCOL_TCP, 80)->watched);
    assert_false(tracks(census, PROTOCOL_TCP, 81));
    assert_false(tracks(census, PROTOCOL_UDP, 80));
}

static void a_port_listens_in_the_rounds_that_see_a_listener(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(16);
    census_round_take(census, 1, WORLD("listen 127.0.0.1", "established 127.0.0.1 inbound", "time_wait 127.0.0.1"));
    assert_true(census_port_find(census, PROTOCOL_TCP, WORLD_PORT)->listening);
    census_round_take(census, 2, WORLD("established 127.0.0.1 inbound", "time_wait 127.0.0.1"));
    assert_false(census_port_find(census, PROTOCOL_TCP, WORLD_PORT)->listening);
}

static void udp_earns_tracking_outside_the_ephemeral_range(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(16);
    census_round_take(
        census, 1,
        WORLD("udp close 0.0.0.0 port 53", "udp established 10.0.0.1 port 123", "udp close 0.0.0.0 port 40000"));
    assert_true(tracks(census, PROTOCOL_UDP, 53));
    assert_true(tracks(census, PROTOCOL_UDP, 123));
    assert_false(tracks(census, PROTOCOL_UDP, 40000));
    assert_false(tracks(census, PROTOCOL_TCP, 53));
}

static void without_watching_listeners_only_watched_ports_are_tracked(void **state)
{
    (void)state;
    struct census_limits limits = {.max_ports = 4, .forget_after_ns = HOUR_NS};
    cleanup(census_freep) struct census *census = census_round_new(&limits);
    assert_int_equal(census_round_configure(census, &limits, {PROTOCOL_TCP, 80}), 0);
    census_round_take(census, 1,
                      WORLD("listen 0.0.0.0 port 80", "listen 0.0.0.0 port 81", "udp close 0.0.0.0 port 53"));
    assert_int_equal(census_port_count(census), 1);
    assert_true(census_port_find(census, PROTOCOL_TCP, 80)->watched);
    assert_int_equal(census_round_sockets(census_other(census, PROTOCOL_TCP)), 1);
}

static void with_track_all_every_port_with_a_socket_is_tracked(void **state)
{
    (void)state;
    struct census_limits limits = {.max_ports = 16, .track_all = true, .forget_after_ns = HOUR_NS};
    cleanup(census_freep) struct census *census = census_round_new(&limits);
    census_round_take(census, 1, WORLD("time_wait 10.0.0.1 port 40000", "udp close 0.0.0.0 port 40000"));
    assert_int_equal(census_port_count(census), 2);
    assert_int_equal(census_round_sockets(census_ephemeral(census, PROTOCOL_TCP)), 0);
}

static void a_port_is_forgotten_when_it_has_been_silent_for_the_time(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(16);
    census_round_take(census, 10, WORLD("listen 0.0.0.0"));
    census_round_take(census, 20, WORLD("time_wait 127.0.0.1"));
    census_round_take(census, 20 + 3599, NULL);
    assert_true(tracks(census, PROTOCOL_TCP, WORLD_PORT));
    census_round_take(census, 20 + 3600, NULL);
    assert_false(tracks(census, PROTOCOL_TCP, WORLD_PORT));
    assert_int_equal(census_port_count(census), 0);
}

static void a_watched_port_is_never_forgotten(void **state)
{
    (void)state;
    struct census_limits limits = census_round_limits(1);
    cleanup(census_freep) struct census *census = census_round_new(&limits);
    assert_int_equal(census_round_configure(census, &limits, {PROTOCOL_TCP, 80}, {PROTOCOL_TCP, 80}), 0);
    census_round_take(census, 1, NULL);
    census_round_take(census, 1000000, WORLD("listen 0.0.0.0 port 81"));
    assert_true(tracks(census, PROTOCOL_TCP, 80));
    assert_false(tracks(census, PROTOCOL_TCP, 81));
}

static void more_watched_ports_than_there_is_room_for_are_refused(void **state)
{
    (void)state;
    struct census_limits limits = census_round_limits(2);
    cleanup(census_freep) struct census *census = census_round_new(&limits);
    assert_int_equal(census_round_configure(census, &limits, {PROTOCOL_TCP, 80}, {PROTOCOL_UDP, 80}), 0);
    assert_int_equal(
        census_round_configure(census, &limits, {PROTOCOL_TCP, 81}, {PROTOCOL_TCP, 82}, {PROTOCOL_TCP, 83}), -ENOSPC);
    assert_int_equal(census_port_count(census), 2);
    assert_true(census_port_find(census, PROTOCOL_TCP, 80)->watched);
    assert_true(census_port_find(census, PROTOCOL_UDP, 80)->watched);
}

static void ports_that_are_watched_later_take_the_place_of_live_ones(void **state)
{
    (void)state;
    struct census_limits limits = census_round_limits(2);
    cleanup(census_freep) struct census *census = census_round_new(&limits);
    census_round_take(census, 1, WORLD("listen 0.0.0.0 port 81", "listen 0.0.0.0 port 82"));
    census_round_take(census, 2, WORLD("listen 0.0.0.0 port 82"));
    assert_int_equal(census_round_configure(census, &limits, {PROTOCOL_TCP, 80}), 0);
    assert_true(tracks(census, PROTOCOL_TCP, 80));
    assert_false(tracks(census, PROTOCOL_TCP, 81));
    assert_true(tracks(census, PROTOCOL_TCP, 82));
    assert_int_equal(census_round_configure(census, &limits, {PROTOCOL_UDP, 53}, {PROTOCOL_TCP, 80}), 0);
    assert_false(tracks(census, PROTOCOL_TCP, 82));
    assert_int_equal(census_port_at(census, 0)->port, 80);
    assert_int_equal(census_port_at(census, 1)->port, 53);
}

static void a_port_that_is_no_longer_watched_is_one_like_others(void **state)
{
    (void)state;
    struct census_limits limits = census_round_limits(2);
    cleanup(census_freep) struct census *census = census_round_new(&limits);
    assert_int_equal(census_round_configure(census, &limits, {PROTOCOL_TCP, 80}), 0);
    census_round_take(census, 10, WORLD("listen 0.0.0.0 port 80"));
    assert_int_equal(census_configure(census, &limits, NULL, 0), 0);
    census_round_take(census, 10 + 3599, NULL);
    assert_true(tracks(census, PROTOCOL_TCP, 80));
    assert_false(census_port_find(census, PROTOCOL_TCP, 80)->watched);
    census_round_take(census, 10 + 3600, NULL);
    assert_false(tracks(census, PROTOCOL_TCP, 80));
}

static void with_less_room_the_longest_silent_go_and_the_watched_stay(void **state)
{
    (void)state;
    struct census_limits limits = census_round_limits(4);
    cleanup(census_freep) struct census *census = census_round_new(&limits);
    assert_int_equal(census_round_configure(census, &limits, {PROTOCOL_TCP, 80}), 0);
    census_round_take(census, 1, WORLD("listen 0.0.0.0 port 81", "listen 0.0.0.0 port 82", "listen 0.0.0.0 port 83"));
    census_round_take(census, 2, WORLD("listen 0.0.0.0 port 82"));
    limits.max_ports = 2;
    assert_int_equal(census_round_configure(census, &limits, {PROTOCOL_TCP, 80}), 0);
    assert_int_equal(census_port_count(census), 2);
    assert_true(tracks(census, PROTOCOL_TCP, 80));
    assert_true(tracks(census, PROTOCOL_TCP, 82));
    limits.max_ports = 3;
    limits.track_listeners = false;
    assert_int_equal(census_round_configure(census, &limits, {PROTOCOL_TCP, 80}), 0);
    census_round_take(census, 3, WORLD("listen 0.0.0.0 port 82", "listen 0.0.0.0 port 84"));
    assert_true(tracks(census, PROTOCOL_TCP, 82));
    assert_false(tracks(census, PROTOCOL_TCP, 84));
}

static void the_longest_silent_port_makes_room_for_a_new_listener(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(3);
    census_round_take(census, 1, WORLD("listen 0.0.0.0 port 81", "listen 0.0.0.0 port 82", "listen 0.0.0.0 port 83"));
    census_round_take(census, 2, WORLD("time_wait 127.0.0.1 port 81", "listen 0.0.0.0 port 83"));
    census_round_take(census, 3, WORLD("listen 0.0.0.0 port 83"));
    census_round_take(census, 4, WORLD("listen 0.0.0.0 port 83", "listen 0.0.0.0 port 84"));
    assert_false(tracks(census, PROTOCOL_TCP, 82));
    assert_true(tracks(census, PROTOCOL_TCP, 81));
    assert_true(tracks(census, PROTOCOL_TCP, 83));
    assert_true(tracks(census, PROTOCOL_TCP, 84));
}

static void a_port_with_sockets_never_makes_room(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(1);
    census_round_take(census, 1, WORLD("listen 0.0.0.0 port 81"));
    census_round_take(census, 2, WORLD("listen 0.0.0.0 port 82", "listen 0.0.0.0 port 81"));
    assert_true(tracks(census, PROTOCOL_TCP, 81));
    assert_int_equal(census_round_sockets(census_other(census, PROTOCOL_TCP)), 1);
}

/* The walk begins anew in the same round: what has not been seen in it yet has not gone. */
static void a_walk_that_failed_half_way_does_not_make_the_unseen_silent(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(1);
    census_round_take(census, 1, WORLD("listen 0.0.0.0 port 81"));
    census_round_begin(census, 2);
    census_round_begin(census, 2);
    world_enter(census, WORLD("listen 0.0.0.0 port 82", "listen 0.0.0.0 port 81"));
    census_end(census);
    assert_true(tracks(census, PROTOCOL_TCP, 81));
    assert_false(tracks(census, PROTOCOL_TCP, 82));
}

static void a_port_beyond_the_cap_is_counted_by_the_range_that_it_is_in(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(1);
    census_round_take(census, 1,
                      WORLD("listen 0.0.0.0 port 81", "listen 0.0.0.0 port 82 x2", "listen 0.0.0.0 port 50000"));
    assert_int_equal(census_port_count(census), 1);
    assert_int_equal(census_other(census, PROTOCOL_TCP)->states[SOCK_LISTEN], 2);
    assert_int_equal(census_ephemeral(census, PROTOCOL_TCP)->states[SOCK_LISTEN], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_earns_its_port_tracking_and_a_connection_does_not),
        cmocka_unit_test(a_port_listens_in_the_rounds_that_see_a_listener),
        cmocka_unit_test(udp_earns_tracking_outside_the_ephemeral_range),
        cmocka_unit_test(without_watching_listeners_only_watched_ports_are_tracked),
        cmocka_unit_test(with_track_all_every_port_with_a_socket_is_tracked),
        cmocka_unit_test(a_port_is_forgotten_when_it_has_been_silent_for_the_time),
        cmocka_unit_test(a_watched_port_is_never_forgotten),
        cmocka_unit_test(more_watched_ports_than_there_is_room_for_are_refused),
        cmocka_unit_test(ports_that_are_watched_later_take_the_place_of_live_ones),
        cmocka_unit_test(a_port_that_is_no_longer_watched_is_one_like_others),
        cmocka_unit_test(with_less_room_the_longest_silent_go_and_the_watched_stay),
        cmocka_unit_test(the_longest_silent_port_makes_room_for_a_new_listener),
        cmocka_unit_test(a_port_with_sockets_never_makes_room),
        cmocka_unit_test(a_walk_that_failed_half_way_does_not_make_the_unseen_silent),
        cmocka_unit_test(a_port_beyond_the_cap_is_counted_by_the_range_that_it_is_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
