#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "world.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static size_t groups_of(const char *const *lines)
{
    struct holders holders = world_holders(lines);
    size_t count = holders.count;
    holders_done(&holders);
    return count;
}

static void sockets_of_a_kind_make_one_group_whoever_their_peers_are(void **state)
{
    (void)state;
    struct holders holders =
        world_holders(WORLD("established 127.0.0.1 to 10.0.0.5 51644 x3", "established 127.0.0.1"));
    assert_int_equal(holders.count, 1);
    assert_int_equal(holders.groups[0].count, 4);
    assert_int_equal(holders.groups[0].remote_port, 51644);
    struct address peer = world_address("10.0.0.5");
    assert_true(address_equal(&holders.groups[0].remote, &peer));
    holders_done(&holders);
}

/* Each differs from the first in one thing that a bind, or its explanation, looks at. */
static void whatever_a_bind_looks_at_makes_a_group_of_its_own(void **state)
{
    (void)state;
    static const char *const others[] = {"fin_wait2 127.0.0.2",        "fin_wait1 127.0.0.1",
                                         "fin_wait2 ::ffff:127.0.0.1", "fin_wait2 127.0.0.1 outbound",
                                         "fin_wait2 127.0.0.1 dev 3",  "fin_wait2 127.0.0.1 orphan",
                                         "fin_wait2 127.0.0.1 v6only?"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_int_equal(groups_of(WORLD("fin_wait2 127.0.0.1", others[i])), 2);
    assert_int_equal(groups_of(WORLD("listen :: dual", "listen :: v6only")), 2);
}

static void a_group_knows_its_longest_and_its_shortest_time(void **state)
{
    (void)state;
    struct holders holders = world_holders(
        WORLD("time_wait 127.0.0.1 left 20000", "time_wait 127.0.0.1 left 41700", "time_wait 127.0.0.1 left 5"));
    assert_int_equal(holders.groups[0].longest_remaining_ms, 41700);
    assert_int_equal(holders.groups[0].shortest_remaining_ms, 5);
    holders_done(&holders);
}

static void what_is_read_late_in_a_long_walk_is_due_so_much_later(void **state)
{
    (void)state;
    struct holders holders =
        world_holders(WORLD("time_wait 127.0.0.1 left 41700", "time_wait 127.0.0.1 left 41600 read 900"));
    assert_int_equal(holders.groups[0].longest_remaining_ms, 42500);
    assert_int_equal(holders.groups[0].shortest_remaining_ms, 41700);
    holders_done(&holders);
}

/* Several sockets on one address share it by SO_REUSEPORT; one of them is full while the other is idle. */
static void the_fullest_accept_queue_stands_for_all(void **state)
{
    (void)state;
    static const char *const full = "listen 0.0.0.0 queue 129 128";
    static const char *const idle = "listen 0.0.0.0 queue 0 128";
    for (int first = 0; first < 2; first++) {
        struct holders holders = world_holders(WORLD(first ? full : idle, first ? idle : full));
        assert_int_equal(holders.count, 1);
        assert_int_equal(holders.groups[0].queue_length, 129);
        assert_int_equal(holders.groups[0].queue_limit, 128);
        holders_done(&holders);
    }
}

static void the_fullest_is_the_one_with_the_least_room_left(void **state)
{
    (void)state;
    struct holders holders = world_holders(WORLD("listen 0.0.0.0 queue 2 4", "listen 0.0.0.0 queue 100 4096"));
    assert_int_equal(holders.groups[0].queue_length, 2);
    assert_int_equal(holders.groups[0].queue_limit, 4);
    holders_done(&holders);
}

static void the_first_inodes_are_kept_and_missing_ones_skipped(void **state)
{
    (void)state;
    struct holders holders = world_holders(WORLD("established 127.0.0.1 x9", "established 127.0.0.1 inode 71 x20"));
    const struct holder *group = &holders.groups[0];
    assert_int_equal(holders.count, 1);
    assert_int_equal(group->count, 29);
    assert_int_equal(group->inode_count, HOLDER_INODES_MAX);
    for (size_t i = 0; i < group->inode_count; i++)
        assert_int_equal(group->inodes[i], 71 + i);
    holders_done(&holders);
}

static struct sock time_wait_on(uint32_t ipv4, uint64_t cookie)
{
    struct sock sock = {.state = SOCK_TIME_WAIT, .minisocket = true, .remaining_ms = 100, .cookie = cookie};
    ipv4 = htonl(ipv4);
    memcpy(sock.local.bytes, &ipv4, sizeof(ipv4));
    return sock;
}

static void memory_is_bounded_however_many_local_addresses_there_are_and_nothing_is_lost(void **state)
{
    (void)state;
    enum { SOCKETS = 100000 };
    struct holders holders = {0};
    for (uint32_t i = 0; i < SOCKETS; i++) {
        struct sock sock = time_wait_on(0x0a000000 + i, i + 1);
        sock.state = i % 2 == 0 ? SOCK_TIME_WAIT : SOCK_LAST_ACK;
        sock.minisocket = i % 2 == 0;
        assert_int_equal(holders_add(&holders, &sock), 0);
    }
    /* The cap, and one gathering group for each of the two kinds. */
    assert_int_equal(holders.count, HOLDERS_GROUPS_MAX + 2);
    uint64_t sockets[SOCK_STATE_COUNT] = {0};
    for (size_t i = 0; i < holders.count; i++) {
        assert_true(holders.groups[i].many_locals == (i >= HOLDERS_GROUPS_MAX));
        sockets[holders.groups[i].state] += holders.groups[i].count;
    }
    assert_int_equal(sockets[SOCK_TIME_WAIT], SOCKETS / 2);
    assert_int_equal(sockets[SOCK_LAST_ACK], SOCKETS / 2);
    assert_in_range(holders.capacity, holders.count, 4 * HOLDERS_GROUPS_MAX);
    holders_done(&holders);
}

static void a_gathering_group_claims_nothing_that_its_sockets_do_not_share(void **state)
{
    (void)state;
    struct holders holders = {0};
    for (uint32_t i = 0; i <= HOLDERS_GROUPS_MAX; i++) {
        struct sock sock = time_wait_on(0x0a000000 + i, i + 1);
        assert_int_equal(holders_add(&holders, &sock), 0);
    }
    struct holders six = world_holders(WORLD("time_wait ::1 inbound v6only"));
    struct sock sock = time_wait_on(0, 99);
    sock.family = FAMILY_IPV6;
    sock.local = six.groups[0].local;
    sock.direction = DIRECTION_INBOUND;
    sock.v6only = V6ONLY_YES;
    holders_done(&six);
    assert_int_equal(holders_add(&holders, &sock), 0);
    const struct holder *ipv4 = &holders.groups[HOLDERS_GROUPS_MAX];
    const struct holder *ipv6 = &holders.groups[HOLDERS_GROUPS_MAX + 1];
    assert_int_equal(ipv4->v6only, V6ONLY_NO);
    assert_int_equal(ipv6->family, FAMILY_IPV6);
    assert_int_equal(ipv6->v6only, V6ONLY_UNKNOWN);
    assert_int_equal(ipv6->direction, DIRECTION_UNKNOWN);
    holders_done(&holders);
}

static bool same_signatures(const char *const *left, const char *const *right)
{
    struct holders l = world_holders(left);
    struct holders r = world_holders(right);
    bool same = l.listener_signature == r.listener_signature && l.other_signature == r.other_signature;
    holders_done(&l);
    holders_done(&r);
    return same;
}

static void signatures_do_not_depend_on_the_order(void **state)
{
    (void)state;
    static const char *const a = "listen 0.0.0.0 cookie 100";
    static const char *const b = "time_wait 127.0.0.1 cookie 7 x5";
    static const char *const c = "established 127.0.0.1 cookie 50 x2";
    assert_true(same_signatures(WORLD(a, b, c), WORLD(c, b, a)));
    assert_true(same_signatures(WORLD(a, b, c), WORLD(b, a, c)));
}

static void signatures_change_when_a_socket_comes_goes_or_changes_its_state(void **state)
{
    (void)state;
    static const char *const table[] = {"listen 0.0.0.0 cookie 1", "established 127.0.0.1 cookie 5 x4", NULL};
    assert_true(same_signatures(table, table));
    const char *const *const changed[] = {
        WORLD("established 127.0.0.1 cookie 5 x4"),
        WORLD("listen 0.0.0.0 cookie 1", "established 127.0.0.1 cookie 5 x5"),
        WORLD("listen 0.0.0.0 cookie 1", "established 127.0.0.1 cookie 5 x3"),
        WORLD("listen 0.0.0.0 cookie 1", "established 127.0.0.1 cookie 6 x4"),
        WORLD("listen 0.0.0.0 cookie 2", "established 127.0.0.1 cookie 5 x4"),
        WORLD("listen 0.0.0.0 cookie 1", "close_wait 127.0.0.1 cookie 5", "established 127.0.0.1 cookie 6 x3"),
    };
    for (size_t i = 0; i < COUNT_OF(changed); i++)
        assert_false(same_signatures(table, changed[i]));
}

static void listeners_and_other_sockets_are_signed_apart(void **state)
{
    (void)state;
    struct holders both = world_holders(WORLD("listen 0.0.0.0 cookie 1", "time_wait 127.0.0.1 cookie 2"));
    struct holders more = world_holders(WORLD("listen 0.0.0.0 cookie 1", "time_wait 127.0.0.1 cookie 2 x2"));
    assert_true(both.listener_signature == more.listener_signature);
    assert_true(both.other_signature != more.other_signature);
    struct holders none = world_holders(WORLD("time_wait 127.0.0.1 cookie 2"));
    assert_true(none.listener_signature == 0);
    assert_true(none.other_signature == both.other_signature);
    holders_done(&both);
    holders_done(&more);
    holders_done(&none);
}

static void emptied_holders_are_as_new_and_keep_their_memory(void **state)
{
    (void)state;
    struct holders holders = world_holders(WORLD("listen 0.0.0.0", "time_wait 127.0.0.1", "time_wait 127.0.0.2"));
    size_t capacity = holders.capacity;
    holders_reset(&holders);
    assert_int_equal(holders.count, 0);
    assert_int_equal(holders.capacity, capacity);
    assert_true(holders.listener_signature == 0 && holders.other_signature == 0);
    struct sock sock = time_wait_on(0x7f000001, 1);
    assert_int_equal(holders_add(&holders, &sock), 0);
    assert_int_equal(holders.groups[0].count, 1);
    holders_done(&holders);
}

static void only_listeners_that_share_an_address_are_known_to_have_set_reuseport(void **state)
{
    (void)state;
    struct holders one = world_holders(WORLD("listen 0.0.0.0 cookie 1"));
    assert_int_equal(one.groups[0].reuseport, SOCKOPT_UNKNOWN);
    holders_done(&one);
    struct holders two = world_holders(WORLD("listen 0.0.0.0 cookie 1", "listen 0.0.0.0 cookie 2"));
    assert_int_equal(two.groups[0].reuseport, SOCKOPT_ON);
    holders_done(&two);
    struct holders connections = world_holders(WORLD("established 0.0.0.0 cookie 1 x2"));
    assert_int_equal(connections.groups[0].reuseport, SOCKOPT_UNKNOWN);
    holders_done(&connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_of_a_kind_make_one_group_whoever_their_peers_are),
        cmocka_unit_test(whatever_a_bind_looks_at_makes_a_group_of_its_own),
        cmocka_unit_test(a_group_knows_its_longest_and_its_shortest_time),
        cmocka_unit_test(what_is_read_late_in_a_long_walk_is_due_so_much_later),
        cmocka_unit_test(the_fullest_accept_queue_stands_for_all),
        cmocka_unit_test(the_fullest_is_the_one_with_the_least_room_left),
        cmocka_unit_test(the_first_inodes_are_kept_and_missing_ones_skipped),
        cmocka_unit_test(memory_is_bounded_however_many_local_addresses_there_are_and_nothing_is_lost),
        cmocka_unit_test(a_gathering_group_claims_nothing_that_its_sockets_do_not_share),
        cmocka_unit_test(signatures_do_not_depend_on_the_order),
        cmocka_unit_test(signatures_change_when_a_socket_comes_goes_or_changes_its_state),
        cmocka_unit_test(listeners_and_other_sockets_are_signed_apart),
        cmocka_unit_test(emptied_holders_are_as_new_and_keep_their_memory),
        cmocka_unit_test(only_listeners_that_share_an_address_are_known_to_have_set_reuseport),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
