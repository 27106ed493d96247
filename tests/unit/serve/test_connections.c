#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "connections.h"

#define MAX 4
#define MAX_PER_ADDRESS 2
#define START_NS (1000 * CLOCK_NS_PER_S)

static const struct address alice = {.family = FAMILY_IPV4, .bytes = {127, 0, 0, 1}};
static const struct address bob = {.family = FAMILY_IPV4, .bytes = {127, 0, 0, 2}};

/* A connection with both its ends. */
struct pair {
    int ours;
    int theirs;
    struct connection *connection;
};

static int set_up(void **state)
{
    struct connections *connections = NULL;
    assert_return_code(connections_new(MAX, MAX_PER_ADDRESS, &connections), 0);
    *state = connections;
    return 0;
}

static int tear_down(void **state)
{
    connections_free(*state);
    return 0;
}

static struct pair open_pair(struct connections *connections, const struct address *address, int64_t now_ns,
                             bool expect_made_way)
{
    int fds[2] = {-1, -1};
    bool made_way = false;
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), errno);
    struct pair pair = {fds[0], fds[1], connections_open(connections, fds[0], address, now_ns, &made_way)};
    assert_non_null(pair.connection);
    assert_int_equal(made_way, expect_made_way);
    return pair;
}

static bool is_cut(const struct pair *pair)
{
    char byte = 0;
    ssize_t received = recv(pair->theirs, &byte, 1, 0);
    assert_true(received == 0 || errno == EAGAIN);
    return received == 0;
}

static void close_pair(struct connections *connections, struct pair *pair)
{
    connections_close(connections, pair->connection);
    cleanup_close(&pair->ours);
    cleanup_close(&pair->theirs);
}

/* Reaps one instant before and one at the deadline; only then it is cut. */
static void expect_deadline(struct connections *connections, const struct pair *pair, int64_t deadline_ns)
{
    int64_t next_ns = 0;
    assert_int_equal(connections_reap(connections, deadline_ns - 1, &next_ns), 0);
    assert_int_equal(next_ns, deadline_ns);
    assert_false(is_cut(pair));
    assert_int_equal(connections_reap(connections, deadline_ns, &next_ns), 1);
    assert_true(is_cut(pair));
    assert_int_equal(connections_reap(connections, deadline_ns, &next_ns), 0);
}

static void an_address_may_open_so_many_and_no_more(void **state)
{
    struct pair pairs[MAX_PER_ADDRESS];
    for (size_t i = 0; i < MAX_PER_ADDRESS; i++) {
        assert_true(connections_admit(*state, &alice));
        pairs[i] = open_pair(*state, &alice, START_NS, false);
    }
    assert_false(connections_admit(*state, &alice));
    assert_true(connections_admit(*state, &bob));
    close_pair(*state, &pairs[0]);
    assert_true(connections_admit(*state, &alice));
    close_pair(*state, &pairs[1]);
}

static void one_too_many_ends_the_one_that_has_waited_longest(void **state)
{
    struct pair pairs[MAX + 1];
    for (size_t i = 0; i < MAX; i++)
        pairs[i] = open_pair(*state, &alice, START_NS + (int64_t)i, false);
    connections_begin(*state, pairs[0].connection);
    connections_begin(*state, pairs[1].connection);
    connections_end(*state, pairs[1].connection, START_NS + MAX);
    pairs[MAX] = open_pair(*state, &bob, START_NS + MAX + 1, true);
    /* The first has a request under way, the second had one just now. */
    for (size_t i = 0; i <= MAX; i++)
        assert_int_equal(is_cut(&pairs[i]), i == 2);
    for (size_t i = 0; i <= MAX; i++)
        close_pair(*state, &pairs[i]);
}

static void nobody_makes_way_while_all_have_a_request_under_way(void **state)
{
    struct pair pairs[MAX + 1];
    for (size_t i = 0; i < MAX; i++) {
        pairs[i] = open_pair(*state, &alice, START_NS, false);
        connections_begin(*state, pairs[i].connection);
    }
    pairs[MAX] = open_pair(*state, &bob, START_NS, false);
    bool made_way = true;
    assert_null(connections_open(*state, pairs[MAX].ours, &bob, START_NS, &made_way));
    assert_false(made_way);
    for (size_t i = 0; i <= MAX; i++) {
        assert_false(is_cut(&pairs[i]));
        close_pair(*state, &pairs[i]);
    }
}

static void a_request_that_does_not_become_complete_is_cut_at_its_deadline(void **state)
{
    struct pair pair = open_pair(*state, &alice, START_NS, false);
    connections_begin(*state, pair.connection);
    expect_deadline(*state, &pair, START_NS + CONNECTIONS_DEADLINE_NS);
    close_pair(*state, &pair);
}

static void an_answer_that_nobody_takes_is_cut_at_its_own_deadline(void **state)
{
    struct pair pair = open_pair(*state, &alice, START_NS, false);
    connections_begin(*state, pair.connection);
    connections_answer(*state, pair.connection, START_NS + CLOCK_NS_PER_S);
    expect_deadline(*state, &pair, START_NS + CLOCK_NS_PER_S + CONNECTIONS_DEADLINE_NS);
    close_pair(*state, &pair);
}

static void a_connection_that_asks_again_and_again_is_never_cut(void **state)
{
    struct pair pair = open_pair(*state, &alice, START_NS, false);
    int64_t now_ns = START_NS;
    for (int i = 0; i < 100; i++, now_ns += CONNECTIONS_DEADLINE_NS - 1) {
        int64_t next_ns = 0;
        assert_int_equal(connections_reap(*state, now_ns, &next_ns), 0);
        connections_begin(*state, pair.connection);
        connections_answer(*state, pair.connection, now_ns);
        connections_end(*state, pair.connection, now_ns);
    }
    assert_false(is_cut(&pair));
    close_pair(*state, &pair);
}

static void the_next_look_is_in_time_for_those_that_are_yet_to_come(void **state)
{
    int64_t next_ns = 0;
    assert_int_equal(connections_reap(*state, START_NS, &next_ns), 0);
    struct pair pair = open_pair(*state, &alice, START_NS + 1, false);
    assert_true(next_ns <= START_NS + 1 + CONNECTIONS_DEADLINE_NS);
    close_pair(*state, &pair);
}

struct waiting {
    pthread_t thread;
    struct connections *connections;
    atomic_bool ended;
};

static void *await_idle(void *argument)
{
    struct waiting *waiting = argument;
    connections_await_idle(waiting->connections, clock_monotonic_ns() + 60 * CLOCK_NS_PER_S);
    atomic_store(&waiting->ended, true);
    return NULL;
}

static void waiting_ends_with_the_last_request_under_way(void **state)
{
    struct pair pairs[2];
    for (size_t i = 0; i < 2; i++) {
        pairs[i] = open_pair(*state, &alice, START_NS, false);
        connections_begin(*state, pairs[i].connection);
    }
    struct waiting waiting = {.connections = *state};
    assert_int_equal(pthread_create(&waiting.thread, NULL, await_idle, &waiting), 0);
    connections_end(*state, pairs[0].connection, START_NS);
    assert_false(atomic_load(&waiting.ended));
    /* Closed in the middle of a request: that ends it, too. */
    close_pair(*state, &pairs[1]);
    assert_int_equal(pthread_join(waiting.thread, NULL), 0);
    close_pair(*state, &pairs[0]);
}

static void waiting_for_a_request_that_does_not_end_has_an_end(void **state)
{
    struct pair pair = open_pair(*state, &alice, START_NS, false);
    connections_begin(*state, pair.connection);
    int64_t end_ns = clock_monotonic_ns() + 20 * CLOCK_NS_PER_MS;
    connections_await_idle(*state, end_ns);
    assert_true(clock_monotonic_ns() >= end_ns);
    close_pair(*state, &pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_address_may_open_so_many_and_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_too_many_ends_the_one_that_has_waited_longest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_makes_way_while_all_have_a_request_under_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_that_does_not_become_complete_is_cut_at_its_deadline, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_answer_that_nobody_takes_is_cut_at_its_own_deadline, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connection_that_asks_again_and_again_is_never_cut, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_next_look_is_in_time_for_those_that_are_yet_to_come, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_ends_with_the_last_request_under_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waiting_for_a_request_that_does_not_end_has_an_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
