#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "model/ownership.h"

#define NS_PER_S INT64_C(1000000000)
#define PORT 8080
#define FIRST 4127
#define SECOND 4200

/* Rounds of one world, five seconds apart. */
struct world {
    struct ownership *ownership;
    int64_t now_ns;
};

static struct owner process_of(int32_t pid)
{
    struct owner owner = {.pid = pid, .start_ticks = (uint64_t)pid * 10, .alive = true};
    (void)snprintf(owner.process, sizeof(owner.process), "server-%d", (int)pid);
    return owner;
}

/* In these tests a socket's inode is its process. */
static const struct owner *find(const void *context, uint32_t inode, size_t *ret_count)
{
    struct owner *const *room = context;
    **room = process_of((int32_t)inode);
    *ret_count = 1;
    return *room;
}

static struct world begin(void)
{
    struct world world = {.now_ns = 1000 * NS_PER_S};
    assert_int_equal(ownership_new(&world.ownership), 0);
    ownership_begin(world.ownership, world.now_ns);
    return world;
}

static void end_round(struct world *world)
{
    struct owner owner;
    struct owner *room = &owner;
    ownership_end(world->ownership);
    ownership_name(world->ownership, find, &room);
}

static void next_round(struct world *world)
{
    end_round(world);
    world->now_ns += 5 * NS_PER_S;
    ownership_begin(world->ownership, world->now_ns);
}

static struct sock sock_of(enum sock_state state, uint64_t cookie, uint32_t inode)
{
    struct sock sock = {.state = state, .local_port = PORT, .cookie = cookie, .inode = inode};
    if (state != SOCK_LISTEN)
        sock.local.bytes[0] = 127;
    return sock;
}

static struct claim see(struct world *world, struct sock sock)
{
    struct claim claim;
    ownership_see(world->ownership, &sock, &claim);
    return claim;
}

/* A TIME_WAIT that was left so many seconds ago. */
static struct claim see_time_wait(struct world *world, uint64_t cookie, uint32_t seconds)
{
    struct sock sock = sock_of(SOCK_TIME_WAIT, cookie, 0);
    sock.minisocket = true;
    sock.remaining_ms = 60000 - seconds * 1000;
    return see(world, sock);
}

static void assert_claimed(const struct world *world, struct claim claim, int32_t pid, bool inferred)
{
    assert_int_equal(claim.count, 1);
    assert_int_equal(ownership_process(world->ownership, claim.processes[0])->pid, pid);
    assert_int_equal(claim.inferred, inferred);
}

static void a_connection_that_was_seen_open_keeps_its_process_when_it_has_lost_it(void **state)
{
    (void)state;
    struct world world = begin();
    assert_int_equal(see(&world, sock_of(SOCK_ESTABLISHED, 7, FIRST)).count, 0);
    next_round(&world);
    assert_claimed(&world, see(&world, sock_of(SOCK_FIN_WAIT2, 7, 0)), FIRST, false);
    next_round(&world);
    assert_claimed(&world, see_time_wait(&world, 7, 3), FIRST, false);
    ownership_free(world.ownership);
}

static void what_was_never_seen_open_is_inferred_from_its_listener(void **state)
{
    (void)state;
    struct world world = begin();
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    assert_claimed(&world, see_time_wait(&world, 9, 2), FIRST, true);
    next_round(&world);
    /* It is gone, and still known. */
    assert_claimed(&world, see_time_wait(&world, 9, 7), FIRST, true);
    assert_claimed(&world, see_time_wait(&world, 10, 1), FIRST, true);
    ownership_free(world.ownership);
}

static void a_second_server_is_told_apart_from_the_first(void **state)
{
    (void)state;
    struct world world = begin();
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    next_round(&world);
    (void)see_time_wait(&world, 9, 1);
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
    assert_claimed(&world, see_time_wait(&world, 9, 11), FIRST, true);
    assert_claimed(&world, see_time_wait(&world, 11, 1), SECOND, true);
    ownership_free(world.ownership);
}

static void between_two_that_changed_since_the_last_look_it_does_not_choose(void **state)
{
    (void)state;
    struct world world = begin();
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
    assert_int_equal(see_time_wait(&world, 9, 7).count, 0);
    ownership_free(world.ownership);
}

static void nor_does_it_in_the_round_that_sees_the_second_for_the_first_time(void **state)
{
    (void)state;
    struct world world = begin();
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
    assert_int_equal(see_time_wait(&world, 9, 1).count, 0);
    assert_int_equal(see(&world, sock_of(SOCK_LAST_ACK, 10, 0)).count, 0);
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
    assert_int_equal(see(&world, sock_of(SOCK_LAST_ACK, 10, 0)).count, 0);
    ownership_free(world.ownership);
}

static void an_orphan_that_was_there_before_the_second_server_is_the_first_one_s(void **state)
{
    (void)state;
    struct world world = begin();
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    next_round(&world);
    assert_claimed(&world, see(&world, sock_of(SOCK_FIN_WAIT1, 9, 0)), FIRST, true);
    for (int rounds = 0; rounds < 3; rounds++) {
        next_round(&world);
        (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
        assert_claimed(&world, see(&world, sock_of(SOCK_FIN_WAIT1, 9, 0)), FIRST, true);
    }
    /* However late it enters TIME_WAIT. */
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
    assert_claimed(&world, see_time_wait(&world, 9, 1), FIRST, true);
    ownership_free(world.ownership);
}

static void an_orphan_that_came_while_the_second_served_is_the_second_one_s(void **state)
{
    (void)state;
    struct world world = begin();
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
    assert_claimed(&world, see(&world, sock_of(SOCK_CLOSING, 9, 0)), SECOND, true);
    ownership_free(world.ownership);
}

static void an_orphan_is_not_the_server_s_that_came_when_nobody_knew_of_another(void **state)
{
    (void)state;
    struct world world = begin();
    assert_int_equal(see(&world, sock_of(SOCK_LAST_ACK, 9, 0)).count, 0);
    for (int rounds = 0; rounds < 3; rounds++) {
        next_round(&world);
        (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
        assert_int_equal(see(&world, sock_of(SOCK_LAST_ACK, 9, 0)).count, 0);
    }
    ownership_free(world.ownership);
}

static void a_connection_that_waits_for_accept_is_the_present_listener_s(void **state)
{
    (void)state;
    struct world world = begin();
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 2, SECOND));
    assert_claimed(&world, see(&world, sock_of(SOCK_ESTABLISHED, 9, 0)), SECOND, true);
    assert_claimed(&world, see(&world, sock_of(SOCK_SYN_RECV, 10, 0)), SECOND, true);
    ownership_free(world.ownership);
}

static void what_is_older_than_the_first_look_is_not_known(void **state)
{
    (void)state;
    struct world world = begin();
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    assert_int_equal(see_time_wait(&world, 9, 6).count, 0);
    assert_claimed(&world, see_time_wait(&world, 10, 4), FIRST, true);
    ownership_free(world.ownership);
}

static void another_address_has_nothing_to_do_with_the_listener(void **state)
{
    (void)state;
    struct world world = begin();
    struct sock listener = sock_of(SOCK_LISTEN, 1, FIRST);
    listener.local.bytes[0] = 10;
    (void)see(&world, listener);
    next_round(&world);
    (void)see(&world, listener);
    assert_int_equal(see_time_wait(&world, 9, 1).count, 0);
    struct sock other_port = sock_of(SOCK_TIME_WAIT, 10, 0);
    other_port.local.bytes[0] = 10;
    other_port.remaining_ms = 59000;
    assert_claimed(&world, see(&world, other_port), FIRST, true);
    other_port.local_port++;
    assert_int_equal(see(&world, other_port).count, 0);
    ownership_free(world.ownership);
}

static void what_an_outgoing_connection_left_is_never_the_listener_s(void **state)
{
    (void)state;
    struct world world = begin();
    struct sock outgoing = sock_of(SOCK_ESTABLISHED, 7, SECOND);
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    (void)see(&world, outgoing);
    outgoing.direction = DIRECTION_OUTBOUND;
    (void)see(&world, outgoing); /* a closer look */
    next_round(&world);
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    struct claim claim = see_time_wait(&world, 7, 2);
    assert_claimed(&world, claim, SECOND, false);
    assert_int_equal(claim.direction, DIRECTION_OUTBOUND);
    ownership_free(world.ownership);
}

static void a_derived_cookie_does_not_pass_a_name_on_to_the_next_socket(void **state)
{
    (void)state;
    struct world world = begin();
    uint64_t cookie = SOCK_COOKIE_DERIVED | 5;
    (void)see(&world, sock_of(SOCK_ESTABLISHED, cookie, FIRST));
    next_round(&world);
    (void)see(&world, sock_of(SOCK_ESTABLISHED, cookie, SECOND));
    next_round(&world);
    assert_claimed(&world, see_time_wait(&world, cookie, 1), SECOND, false);
    ownership_free(world.ownership);
}

static bool is_second(const struct owner *owner)
{
    return owner->pid == SECOND;
}

static void a_listener_keeps_its_name_until_it_is_known_that_who_had_it_has_ended(void **state)
{
    (void)state;
    struct world world = begin();
    assert_int_equal(see(&world, sock_of(SOCK_LISTEN, 1, FIRST)).count, 0);
    next_round(&world);
    assert_claimed(&world, see(&world, sock_of(SOCK_LISTEN, 1, FIRST)), FIRST, false);
    end_round(&world);
    ownership_check(world.ownership, 42, is_second);
    ownership_begin(world.ownership, world.now_ns + 5 * NS_PER_S);
    assert_int_equal(see(&world, sock_of(SOCK_LISTEN, 1, FIRST)).count, 0);
    ownership_free(world.ownership);
}

static void who_has_ended_stays_known_and_is_said_to_have_ended(void **state)
{
    (void)state;
    struct world world = begin();
    (void)see(&world, sock_of(SOCK_ESTABLISHED, 7, FIRST));
    (void)see(&world, sock_of(SOCK_ESTABLISHED, 8, SECOND));
    next_round(&world);
    struct claim first = see(&world, sock_of(SOCK_LAST_ACK, 7, 0));
    struct claim second = see(&world, sock_of(SOCK_LAST_ACK, 8, 0));
    end_round(&world);
    ownership_check(world.ownership, 42, is_second);
    assert_false(ownership_process(world.ownership, first.processes[0])->alive);
    assert_true(ownership_process(world.ownership, second.processes[0])->alive);
    assert_true(ownership_process(world.ownership, second.processes[0])->last_seen_ns == 42);
    assert_true(ownership_process(world.ownership, first.processes[0])->last_seen_ns == 0);
    ownership_free(world.ownership);
}

static void a_round_that_failed_forgets_nothing(void **state)
{
    (void)state;
    struct world world = begin();
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    (void)see(&world, sock_of(SOCK_ESTABLISHED, 7, FIRST));
    next_round(&world);
    ownership_begin(world.ownership, world.now_ns); /* the walk was disturbed */
    assert_claimed(&world, see(&world, sock_of(SOCK_FIN_WAIT1, 7, 0)), FIRST, false);
    assert_claimed(&world, see(&world, sock_of(SOCK_FIN_WAIT1, 70, 0)), FIRST, true);
    ownership_free(world.ownership);
}

static void memory_is_bounded_and_beyond_it_the_listener_is_asked(void **state)
{
    (void)state;
    struct world world = begin();
    const uint64_t many = 100000;
    (void)see(&world, sock_of(SOCK_LISTEN, 1, FIRST));
    for (uint64_t i = 0; i < many; i++)
        (void)see(&world, sock_of(SOCK_ESTABLISHED, 100 + i, SECOND));
    assert_int_equal(ownership_size(world.ownership), OWNERSHIP_CONNECTIONS_MAX + 1);
    next_round(&world);
    size_t exact = 0;
    for (uint64_t i = 0; i < many; i++) {
        struct claim claim = see_time_wait(&world, 100 + i, 1);
        assert_claimed(&world, claim, claim.inferred ? FIRST : SECOND, claim.inferred);
        exact += claim.inferred ? 0 : 1;
    }
    assert_int_equal(exact, OWNERSHIP_CONNECTIONS_MAX);
    next_round(&world);
    next_round(&world);
    assert_int_equal(ownership_size(world.ownership), 1);
    ownership_free(world.ownership);
}

static void listeners_are_forgotten_the_oldest_first_and_each_in_the_end(void **state)
{
    (void)state;
    struct world world = begin();
    for (uint32_t i = 0; i < 2 * OWNERSHIP_LISTENERS_MAX; i++) {
        (void)see(&world, sock_of(SOCK_LISTEN, 1000 + i, FIRST + i));
        next_round(&world);
    }
    assert_true(ownership_size(world.ownership) <= OWNERSHIP_LISTENERS_MAX);
    assert_claimed(&world, see_time_wait(&world, 9, 1), FIRST + 2 * OWNERSHIP_LISTENERS_MAX - 1, true);
    next_round(&world);
    world.now_ns += OWNERSHIP_GONE_AFTER_NS;
    next_round(&world);
    assert_int_equal(ownership_size(world.ownership), 0);
    ownership_free(world.ownership);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_that_was_seen_open_keeps_its_process_when_it_has_lost_it),
        cmocka_unit_test(what_was_never_seen_open_is_inferred_from_its_listener),
        cmocka_unit_test(a_second_server_is_told_apart_from_the_first),
        cmocka_unit_test(between_two_that_changed_since_the_last_look_it_does_not_choose),
        cmocka_unit_test(nor_does_it_in_the_round_that_sees_the_second_for_the_first_time),
        cmocka_unit_test(an_orphan_that_was_there_before_the_second_server_is_the_first_one_s),
        cmocka_unit_test(an_orphan_that_came_while_the_second_served_is_the_second_one_s),
        cmocka_unit_test(an_orphan_is_not_the_server_s_that_came_when_nobody_knew_of_another),
        cmocka_unit_test(a_connection_that_waits_for_accept_is_the_present_listener_s),
        cmocka_unit_test(what_is_older_than_the_first_look_is_not_known),
        cmocka_unit_test(another_address_has_nothing_to_do_with_the_listener),
        cmocka_unit_test(what_an_outgoing_connection_left_is_never_the_listener_s),
        cmocka_unit_test(a_derived_cookie_does_not_pass_a_name_on_to_the_next_socket),
        cmocka_unit_test(a_listener_keeps_its_name_until_it_is_known_that_who_had_it_has_ended),
        cmocka_unit_test(who_has_ended_stays_known_and_is_said_to_have_ended),
        cmocka_unit_test(a_round_that_failed_forgets_nothing),
        cmocka_unit_test(memory_is_bounded_and_beyond_it_the_listener_is_asked),
        cmocka_unit_test(listeners_are_forgotten_the_oldest_first_and_each_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
