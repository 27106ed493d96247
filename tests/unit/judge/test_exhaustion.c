#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "chance.h"
#include "exhaustion_round.h"

#define RANGE 100

static void assert_adds_up(const struct exhaustion *found)
{
    const struct exhaustion_account *account = &found->account;
    assert_int_equal(account->size - account->reserved - account->bound - account->live - account->time_wait +
                         account->reusable,
                     account->left);
    assert_int_equal(account->left,
                     found->destination.usable - found->destination.counts.live - found->destination.counts.time_wait);
    assert_int_equal(found->kind == EXHAUSTION_FULL, account->left == 0);
}

static struct exhaustion find(const struct census *census, const char *asked)
{
    struct kernel_settings settings = exhaustion_round_settings();
    struct exhaustion found;
    assert_int_equal(exhaustion_round_find(census, &settings, asked, &found), 0);
    assert_adds_up(&found);
    return found;
}

static void without_connections_the_whole_range_is_left(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_end(census);
    struct exhaustion found = find(census, NULL);
    assert_int_equal(found.kind, EXHAUSTION_FAR);
    assert_int_equal(found.destination.counts.port, 0);
    assert_int_equal(found.account.left, RANGE);
    assert_int_equal(found.unused[PROTOCOL_TCP], RANGE);
    assert_false(found.asked);
    found = find(census, "10.0.0.5:5432");
    assert_true(found.asked);
    assert_int_equal(found.destination.counts.port, 5432);
    assert_int_equal(found.account.left, RANGE);
}

static void a_destination_that_has_been_left_is_not_the_fullest(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_connect(census, 40000, 30, "10.0.0.5", 5432);
    exhaustion_round_end(census);
    exhaustion_round_begin(census, 1);
    exhaustion_round_end(census);
    assert_int_equal(find(census, NULL).destination.counts.port, 0);
}

static void the_fullest_is_found_unless_another_is_asked_for(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_connect(census, 40000, 30, "10.0.0.5", 5432);
    exhaustion_round_connect(census, 40000, 60, "10.0.0.6", 5432);
    exhaustion_round_wait(census, 40000, 5, "10.0.0.5", 80);
    exhaustion_round_end(census);
    assert_int_equal(find(census, NULL).account.live, 60);
    assert_int_equal(find(census, "10.0.0.5:5432").account.live, 30);
    assert_int_equal(find(census, "10.0.0.5:80").account.time_wait, 5);
    assert_int_equal(find(census, "10.0.0.5:81").account.left, RANGE);
    assert_int_equal(find(census, "udp:10.0.0.5:5432").account.left, RANGE);
}

static void any_address_stands_for_whatever_has_the_port(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_connect(census, 40000, 30, "10.0.0.5", 5432);
    exhaustion_round_connect(census, 40000, 60, "10.0.0.6", 5433);
    exhaustion_round_end(census);
    struct exhaustion found = find(census, "5432");
    assert_int_equal(found.account.live, 30);
    assert_true(address_equal(&found.destination.counts.destination, &(struct address){.bytes = {10, 0, 0, 5}}));
}

static void it_is_full_with_the_last_port_and_not_before(void **state)
{
    (void)state;
    for (uint16_t taken = RANGE - 1; taken <= RANGE; taken++) {
        cleanup(census_freep) struct census *census = exhaustion_round_new(0);
        exhaustion_round_connect(census, 40000, 40, "10.0.0.5", 5432);
        exhaustion_round_wait(census, 40040, taken - 40, "10.0.0.5", 5432);
        exhaustion_round_end(census);
        struct exhaustion found = find(census, NULL);
        assert_int_equal(found.kind, taken == RANGE ? EXHAUSTION_FULL : EXHAUSTION_NEAR);
        assert_int_equal(found.filler, EXHAUSTION_BY_TIME_WAIT);
        assert_int_equal(found.open, 40);
        assert_int_equal(found.unused[PROTOCOL_TCP], RANGE - taken);
        assert_int_equal(find(census, "10.0.0.6:5432").kind, EXHAUSTION_FAR);
    }
}

static void half_of_the_ports_is_near(void **state)
{
    (void)state;
    for (uint16_t taken = 49; taken <= 50; taken++) {
        cleanup(census_freep) struct census *census = exhaustion_round_new(0);
        exhaustion_round_connect(census, 40000, taken, "10.0.0.5", 5432);
        exhaustion_round_end(census);
        assert_int_equal(find(census, NULL).kind, taken == 50 ? EXHAUSTION_NEAR : EXHAUSTION_FAR);
    }
}

static void what_fills_within_the_hour_is_near(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_connect(census, 40000, 5, "10.0.0.5", 5432);
    exhaustion_round_end(census);
    exhaustion_round_begin(census, 1);
    exhaustion_round_connect(census, 40000, 15, "10.0.0.5", 5432);
    exhaustion_round_end(census);
    struct exhaustion found = find(census, NULL);
    assert_int_equal(found.kind, EXHAUSTION_NEAR);
    assert_float_equal(found.destination.exhausted_in_seconds, 8.5, 0.001);
}

static void ports_that_bind_chose_are_lost_to_every_destination(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_bind(census, 40000, 70);
    exhaustion_round_connect(census, 40070, 10, "10.0.0.5", 5432);
    exhaustion_round_end(census);
    exhaustion_round_choose(census, 40070, 5, "10.0.0.5", 5432);
    struct exhaustion found = find(census, "10.0.0.5:5432");
    assert_int_equal(found.account.bound, 75);
    assert_int_equal(found.account.live, 5);
    assert_int_equal(found.account.left, 20);
    assert_int_equal(found.filler, EXHAUSTION_BY_BIND);
    assert_int_equal(find(census, "10.0.0.6:5432").account.left, 25);
}

static void a_time_wait_that_can_be_taken_over_is_in_nobodys_way(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = exhaustion_round_new(1);
    exhaustion_round_wait(census, 40000, RANGE, "10.0.0.5", 5432);
    exhaustion_round_end(census);
    struct exhaustion found = find(census, NULL);
    assert_int_equal(found.account.reusable, RANGE);
    assert_int_equal(found.account.left, RANGE);
    assert_int_equal(found.kind, EXHAUSTION_FAR);
}

static void udp_ports_are_taken_for_every_destination(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_udp(census, 40000, 70, NULL, 0);
    exhaustion_round_udp(census, 40070, 30, "10.0.0.5", 53);
    exhaustion_round_end(census);
    struct exhaustion found = find(census, NULL);
    assert_int_equal(found.destination.counts.protocol, PROTOCOL_UDP);
    assert_int_equal(found.destination.counts.port, 0);
    assert_int_equal(found.account.live, RANGE);
    assert_int_equal(found.kind, EXHAUSTION_FULL);
    found = find(census, "udp:10.0.0.5:53");
    assert_int_equal(found.account.bound, 70);
    assert_int_equal(found.account.live, 30);
    assert_int_equal(found.open, RANGE);
    assert_int_equal(find(census, "udp:10.0.0.9:53").kind, EXHAUSTION_FULL);
    assert_int_equal(find(census, "10.0.0.5:53").kind, EXHAUSTION_FAR);
}

static void a_trial_is_wanted_only_where_the_tables_leave_it_open(void **state)
{
    (void)state;
    for (int taken = RANGE - 10; taken <= RANGE; taken += 10) {
        cleanup(census_freep) struct census *census = exhaustion_round_new(0);
        for (int i = 0; i < taken; i += 10)
            exhaustion_round_connect(census, 40000 + i, 10, "10.0.0.5", (uint16_t)(1 + i));
        exhaustion_round_end(census);
        struct exhaustion found = find(census, NULL);
        assert_int_equal(exhaustion_wants_trial(&found), taken == RANGE);
        found = find(census, "udp:10.0.0.5:53");
        assert_false(exhaustion_wants_trial(&found));
        /* Of what bind() chose, /proc/net tells nothing. */
        found = find(census, NULL);
        found.source.kind = SOURCE_PROCFS;
        assert_true(exhaustion_wants_trial(&found));
    }
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    exhaustion_round_connect(census, 40000, RANGE, "10.0.0.5", 5432);
    exhaustion_round_end(census);
    struct exhaustion found = find(census, NULL);
    assert_false(exhaustion_wants_trial(&found));
}

static void after_a_trial_that_failed_nothing_is_left(void **state)
{
    (void)state;
    static const char *const asked[] = {"10.0.0.5:1", "10.0.0.6:1", NULL};
    for (size_t i = 0; i < 3; i++) {
        cleanup(census_freep) struct census *census = exhaustion_round_new(0);
        for (int port = 0; port < RANGE; port += 10)
            exhaustion_round_connect(census, 40000 + port, 10, "10.0.0.5", (uint16_t)(1 + port));
        exhaustion_round_udp(census, 40000, 60, NULL, 0); /* fuller than any destination of TCP */
        exhaustion_round_end(census);
        struct exhaustion found = find(census, asked[i]);
        exhaustion_note_failure(&found);
        assert_adds_up(&found);
        assert_int_equal(found.kind, EXHAUSTION_FULL);
        assert_int_equal(found.filler, EXHAUSTION_BY_BIND);
        assert_int_equal(found.account.bound, i == 0 ? RANGE - 10 : RANGE);
        assert_int_equal(found.destination.counts.protocol, PROTOCOL_TCP);
        assert_true(found.destination.exhausted_in_seconds == 0);
    }
}

static void whatever_the_sockets_the_account_adds_up(void **state)
{
    (void)state;
    struct chance chance = chance_new();
    for (size_t round = 0; round < 200; round++) {
        cleanup(census_freep) struct census *census = exhaustion_round_new(chance_below(&chance, 2));
        uint16_t bound = (uint16_t)chance_below(&chance, 40);
        uint16_t live = (uint16_t)chance_below(&chance, 40);
        uint16_t waiting = (uint16_t)chance_below(&chance, 22);
        uint16_t first = 40000 + bound;
        exhaustion_round_bind(census, 40000, bound);
        exhaustion_round_connect(census, first, live, "10.0.0.5", 5432);
        exhaustion_round_wait(census, first + live, waiting, "10.0.0.5", 5432);
        exhaustion_round_udp(census, 40000, (uint16_t)chance_below(&chance, RANGE), NULL, 0);
        exhaustion_round_end(census);
        exhaustion_round_choose(census, first, live > 0 ? (uint16_t)chance_below(&chance, live) : 0, "10.0.0.5", 5432);
        (void)find(census, NULL);
        assert_int_equal(find(census, "10.0.0.5:5432").destination.counts.live, live);
    }
}

static void among_more_destinations_than_can_be_told_apart_it_is_left_open(void **state)
{
    (void)state;
    struct kernel_settings settings = exhaustion_round_settings();
    cleanup(census_freep) struct census *census = exhaustion_round_new(0);
    for (uint16_t port = 1; port <= 5000; port++)
        exhaustion_round_connect(census, 40000 + port % RANGE, 1, "10.0.0.5", port);
    exhaustion_round_end(census);
    struct exhaustion found;
    assert_int_equal(exhaustion_round_find(census, &settings, NULL, &found), -EOVERFLOW);
    assert_int_equal(exhaustion_round_find(census, &settings, "10.0.0.5:5000", &found), -EOVERFLOW);
    /* Fewer sockets than there are ports fill no destination; but where they lead is not known. */
    exhaustion_round_begin(census, 1);
    exhaustion_round_end(census);
    exhaustion_round_begin(census, 2);
    for (uint16_t port = 1; port <= 4096 + RANGE - 1; port++)
        exhaustion_round_connect(census, 40000 + port % RANGE, 1, "10.0.0.6", port);
    exhaustion_round_end(census);
    assert_int_equal(exhaustion_round_find(census, &settings, NULL, &found), 0);
    assert_int_equal(exhaustion_round_find(census, &settings, "10.0.0.6:4190", &found), -EOVERFLOW);
    /* The full one is certain, however many there are. */
    exhaustion_round_begin(census, 3);
    exhaustion_round_end(census);
    exhaustion_round_begin(census, 4);
    exhaustion_round_connect(census, 40000, RANGE, "10.0.0.5", 1);
    for (uint16_t port = 2; port <= 5000; port++)
        exhaustion_round_connect(census, 40000, 1, "10.0.0.5", port);
    exhaustion_round_end(census);
    assert_int_equal(exhaustion_round_find(census, &settings, NULL, &found), 0);
    assert_int_equal(found.kind, EXHAUSTION_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_connections_the_whole_range_is_left),
        cmocka_unit_test(a_destination_that_has_been_left_is_not_the_fullest),
        cmocka_unit_test(the_fullest_is_found_unless_another_is_asked_for),
        cmocka_unit_test(any_address_stands_for_whatever_has_the_port),
        cmocka_unit_test(it_is_full_with_the_last_port_and_not_before),
        cmocka_unit_test(half_of_the_ports_is_near),
        cmocka_unit_test(what_fills_within_the_hour_is_near),
        cmocka_unit_test(ports_that_bind_chose_are_lost_to_every_destination),
        cmocka_unit_test(a_time_wait_that_can_be_taken_over_is_in_nobodys_way),
        cmocka_unit_test(udp_ports_are_taken_for_every_destination),
        cmocka_unit_test(a_trial_is_wanted_only_where_the_tables_leave_it_open),
        cmocka_unit_test(after_a_trial_that_failed_nothing_is_left),
        cmocka_unit_test(whatever_the_sockets_the_account_adds_up),
        cmocka_unit_test(among_more_destinations_than_can_be_told_apart_it_is_left_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
