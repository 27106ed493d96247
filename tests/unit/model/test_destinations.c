#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <math.h>

#include "base/clock.h"
#include "chance.h"
#include "model/destinations.h"
#include "world.h"

static void destinations_freep(struct destinations **destinations)
{
    destinations_free(*destinations);
}

static struct destinations *new_table(size_t max_count)
{
    struct destinations *destinations = NULL;
    assert_int_equal(destinations_new(max_count, &destinations), 0);
    destinations_begin(destinations);
    return destinations;
}

static struct sock connection(const char *source, const char *destination, uint16_t port)
{
    return (struct sock){
        .state = SOCK_ESTABLISHED,
        .local = world_address(source),
        .remote = world_address(destination),
        .local_port = 40000,
        .remote_port = port,
    };
}

static void add(struct destinations *destinations, struct sock sock, int times)
{
    for (int i = 0; i < times; i++)
        destinations_add(destinations, &sock, false, false);
}

static void add_time_wait(struct destinations *destinations, struct sock sock, bool entered, bool reusable)
{
    sock.state = SOCK_TIME_WAIT;
    sock.minisocket = true;
    destinations_add(destinations, &sock, entered, reusable);
}

/* NULL when it is not in the table. */
static const struct destination *find(const struct destinations *destinations, const char *source,
                                      const char *destination, uint16_t port)
{
    struct address from = world_address(source);
    struct address to = world_address(destination);
    for (size_t i = 0; i < destinations_count(destinations); i++) {
        const struct destination *row = destinations_at(destinations, i);
        if (row->protocol == PROTOCOL_TCP && row->port == port && address_equal(&row->source, &from) &&
            address_equal(&row->destination, &to))
            return row;
    }
    return NULL;
}

static void each_source_address_port_and_protocol_is_a_row(void **state)
{
    (void)state;
    cleanup(destinations_freep) struct destinations *destinations = new_table(16);
    add(destinations, connection("10.0.0.1", "10.0.0.9", 80), 3);
    add(destinations, connection("10.0.0.2", "10.0.0.9", 80), 1);
    add(destinations, connection("10.0.0.1", "10.0.0.8", 80), 1);
    add(destinations, connection("10.0.0.1", "10.0.0.9", 81), 1);
    add(destinations, connection("fd00::1", "fd00::9", 80), 1);
    struct sock udp = connection("10.0.0.1", "10.0.0.9", 80);
    udp.protocol = PROTOCOL_UDP;
    add(destinations, udp, 1);
    destinations_end(destinations, 0);
    assert_int_equal(destinations_count(destinations), 6);
    assert_int_equal(find(destinations, "10.0.0.1", "10.0.0.9", 80)->live, 3);
    assert_int_equal(find(destinations, "fd00::1", "fd00::9", 80)->live, 1);
}

static void an_ipv4_connection_of_an_ipv6_socket_leads_to_the_same_place(void **state)
{
    (void)state;
    cleanup(destinations_freep) struct destinations *destinations = new_table(16);
    add(destinations, connection("10.0.0.1", "10.0.0.9", 80), 1);
    add(destinations, connection("::ffff:10.0.0.1", "::ffff:10.0.0.9", 80), 1);
    assert_int_equal(destinations_count(destinations), 1);
    assert_int_equal(find(destinations, "10.0.0.1", "10.0.0.9", 80)->live, 2);
}

static void only_a_time_wait_is_a_time_wait(void **state)
{
    (void)state;
    cleanup(destinations_freep) struct destinations *destinations = new_table(16);
    struct sock sock = connection("10.0.0.1", "10.0.0.9", 80);
    add(destinations, sock, 1);
    add_time_wait(destinations, sock, true, false);
    add_time_wait(destinations, sock, false, true);
    sock.state = SOCK_FIN_WAIT2;
    sock.minisocket = true;
    add(destinations, sock, 1);
    destinations_end(destinations, 0);
    const struct destination *row = find(destinations, "10.0.0.1", "10.0.0.9", 80);
    assert_int_equal(row->live, 2);
    assert_int_equal(row->time_wait, 2);
    assert_int_equal(row->reusable, 1);
    assert_int_equal(row->entered_total, 1);
}

static void a_port_that_was_chosen_is_marked_where_it_leads(void **state)
{
    (void)state;
    cleanup(destinations_freep) struct destinations *destinations = new_table(1);
    struct sock sock = connection("10.0.0.1", "10.0.0.9", 80);
    struct sock unknown = connection("10.0.0.1", "10.0.0.9", 81);
    add(destinations, sock, 2);
    destinations_mark_chosen(destinations, &sock);
    destinations_mark_chosen(destinations, &unknown);
    assert_int_equal(find(destinations, "10.0.0.1", "10.0.0.9", 80)->chosen, 1);
}

static void each_round_counts_anew_and_totals_stay(void **state)
{
    (void)state;
    cleanup(destinations_freep) struct destinations *destinations = new_table(16);
    struct sock sock = connection("10.0.0.1", "10.0.0.9", 80);
    for (unsigned round = 1; round <= 3; round++) {
        add(destinations, sock, 5);
        add_time_wait(destinations, sock, true, true);
        destinations_mark_chosen(destinations, &sock);
        destinations_end(destinations, round == 1 ? 0 : CLOCK_NS_PER_S);
        const struct destination *row = find(destinations, "10.0.0.1", "10.0.0.9", 80);
        assert_int_equal(row->live, 5);
        assert_int_equal(row->time_wait, 1);
        assert_int_equal(row->reusable, 1);
        assert_int_equal(row->chosen, 1);
        assert_int_equal(row->entered, 1);
        assert_int_equal(row->entered_total, round);
        destinations_begin(destinations);
    }
}

static void a_row_that_had_no_socket_in_a_round_makes_room(void **state)
{
    (void)state;
    cleanup(destinations_freep) struct destinations *destinations = new_table(2);
    add(destinations, connection("10.0.0.1", "10.0.0.9", 80), 1);
    add(destinations, connection("10.0.0.1", "10.0.0.9", 81), 1);
    destinations_end(destinations, 0);
    destinations_begin(destinations);
    add(destinations, connection("10.0.0.1", "10.0.0.9", 80), 1);
    add(destinations, connection("10.0.0.1", "10.0.0.9", 82), 7);
    destinations_end(destinations, CLOCK_NS_PER_S);
    assert_int_equal(destinations_uncounted(destinations), 7);
    destinations_begin(destinations);
    assert_int_equal(destinations_uncounted(destinations), 0);
    add(destinations, connection("10.0.0.1", "10.0.0.9", 82), 7);
    add(destinations, connection("10.0.0.1", "10.0.0.9", 80), 1);
    destinations_end(destinations, CLOCK_NS_PER_S);
    assert_int_equal(destinations_uncounted(destinations), 0);
    assert_int_equal(find(destinations, "10.0.0.1", "10.0.0.9", 82)->live, 7);
    assert_null(find(destinations, "10.0.0.1", "10.0.0.9", 81));
}

static void a_round_that_is_not_ended_never_was(void **state)
{
    (void)state;
    cleanup(destinations_freep) struct destinations *destinations = new_table(2);
    struct sock sock = connection("10.0.0.1", "10.0.0.9", 80);
    add_time_wait(destinations, sock, true, false);
    add(destinations, sock, 10);
    destinations_end(destinations, 0);
    for (int failed = 0; failed < 3; failed++) {
        destinations_begin(destinations);
        add(destinations, sock, 1000);
        add_time_wait(destinations, sock, true, false);
        add(destinations, connection("10.0.0.1", "10.0.0.9", 81), 1);
        add(destinations, connection("10.0.0.1", "10.0.0.9", 82), 1);
    }
    destinations_begin(destinations);
    add(destinations, sock, 30);
    destinations_end(destinations, 2 * CLOCK_NS_PER_S);
    const struct destination *row = find(destinations, "10.0.0.1", "10.0.0.9", 80);
    assert_int_equal(destinations_count(destinations), 1);
    assert_int_equal(row->live, 30);
    assert_int_equal(row->entered_total, 1);
    assert_true(fabs(row->growth_per_second - 10) < 1e-9);
}

/* A second with so many live connections and new TIME_WAITs. */
static const struct destination *second_of(struct destinations *destinations, int live, int entered)
{
    struct sock sock = connection("10.0.0.1", "10.0.0.9", 80);
    destinations_begin(destinations);
    add(destinations, sock, live);
    for (int i = 0; i < entered; i++)
        add_time_wait(destinations, sock, true, false);
    destinations_end(destinations, CLOCK_NS_PER_S);
    return find(destinations, "10.0.0.1", "10.0.0.9", 80);
}

static void rates_begin_with_the_second_round_and_follow_slowly(void **state)
{
    (void)state;
    cleanup(destinations_freep) struct destinations *destinations = new_table(2);
    add(destinations, connection("10.0.0.1", "10.0.0.9", 80), 100);
    destinations_end(destinations, 0);
    const struct destination *row = second_of(destinations, 150, 20);
    assert_true(fabs(row->growth_per_second - 50) < 1e-9);
    assert_true(fabs(row->entered_per_second - 20) < 1e-9);
    row = second_of(destinations, 150, 0);
    assert_true(row->growth_per_second > 40 && row->growth_per_second < 50);
    assert_true(row->entered_per_second > 15 && row->entered_per_second < 20);
    for (int i = 0; i < 300; i++)
        row = second_of(destinations, 150, 3);
    assert_true(fabs(row->growth_per_second) < 0.01);
    assert_true(fabs(row->entered_per_second - 3) < 0.01);
    row = second_of(destinations, 1, 3);
    assert_true(row->growth_per_second < 0);
}

static struct sock random_sock(struct chance *chance)
{
    struct sock sock = connection("10.0.0.0", "10.1.0.0", (uint16_t)(1 + chance_below(chance, 4)));
    sock.protocol = chance_once_in(chance, 4) ? PROTOCOL_UDP : PROTOCOL_TCP;
    sock.local.bytes[3] = (uint8_t)chance_below(chance, 3);
    sock.remote.bytes[3] = (uint8_t)chance_below(chance, 8);
    if (sock.protocol == PROTOCOL_TCP && chance_once_in(chance, 2)) {
        sock.state = SOCK_TIME_WAIT;
        sock.minisocket = true;
    }
    return sock;
}

/* The naive count of a row. */
static struct destination recount(const struct destination *row, const struct sock *socks, size_t count)
{
    struct destination sum = {0};
    for (size_t i = 0; i < count; i++) {
        const struct sock *sock = &socks[i];
        if (sock->protocol != row->protocol || sock->remote_port != row->port ||
            !address_equal(&sock->local, &row->source) || !address_equal(&sock->remote, &row->destination))
            continue;
        if (sock->state == SOCK_TIME_WAIT)
            sum.time_wait++;
        else
            sum.live++;
    }
    return sum;
}

#define SOCKS_MAX 500

static void rows_are_what_a_naive_count_says_above_the_cap_too(void **state)
{
    (void)state;
    struct chance chance = chance_new();
    for (int run = 0; run < 30; run++) {
        cleanup(destinations_freep) struct destinations *destinations = new_table(1 + chance_below(&chance, 300));
        for (int round = 0; round < 10; round++) {
            struct sock socks[SOCKS_MAX];
            size_t count = chance_below(&chance, SOCKS_MAX);
            destinations_begin(destinations);
            for (size_t i = 0; i < count; i++) {
                socks[i] = random_sock(&chance);
                destinations_add(destinations, &socks[i], false, false);
            }
            destinations_end(destinations, CLOCK_NS_PER_S);
            uint64_t sum = destinations_uncounted(destinations);
            for (size_t i = 0; i < destinations_count(destinations); i++) {
                const struct destination *row = destinations_at(destinations, i);
                struct destination naive = recount(row, socks, count);
                assert_int_equal(row->live, naive.live);
                assert_int_equal(row->time_wait, naive.time_wait);
                sum += row->live + row->time_wait;
            }
            assert_int_equal(sum, count);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_source_address_port_and_protocol_is_a_row),
        cmocka_unit_test(an_ipv4_connection_of_an_ipv6_socket_leads_to_the_same_place),
        cmocka_unit_test(only_a_time_wait_is_a_time_wait),
        cmocka_unit_test(a_port_that_was_chosen_is_marked_where_it_leads),
        cmocka_unit_test(each_round_counts_anew_and_totals_stay),
        cmocka_unit_test(a_row_that_had_no_socket_in_a_round_makes_room),
        cmocka_unit_test(a_round_that_is_not_ended_never_was),
        cmocka_unit_test(rates_begin_with_the_second_round_and_follow_slowly),
        cmocka_unit_test(rows_are_what_a_naive_count_says_above_the_cap_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
