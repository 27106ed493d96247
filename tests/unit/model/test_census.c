#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "census_round.h"
#include "chance.h"

static void sockets_are_counted_by_protocol_family_and_state(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(16);
    census_round_take(
        census, 1,
        WORLD("listen 0.0.0.0", "established ::ffff:127.0.0.1 x3", "time_wait 127.0.0.1 x2", "udp close :: port 53"));
    assert_int_equal(census_sockets(census), 7);
    assert_int_equal(census_total(census, PROTOCOL_TCP, FAMILY_IPV4, SOCK_LISTEN), 1);
    assert_int_equal(census_total(census, PROTOCOL_TCP, FAMILY_IPV6, SOCK_ESTABLISHED), 3);
    assert_int_equal(census_total(census, PROTOCOL_TCP, FAMILY_IPV4, SOCK_ESTABLISHED), 0);
    assert_int_equal(census_total(census, PROTOCOL_TCP, FAMILY_IPV4, SOCK_TIME_WAIT), 2);
    assert_int_equal(census_total(census, PROTOCOL_UDP, FAMILY_IPV6, SOCK_CLOSE), 1);
}

static void each_round_counts_anew(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(16);
    census_round_take(census, 1,
                      WORLD("listen 0.0.0.0", "time_wait 127.0.0.1 left 9000 x5", "established 10.0.0.1 port 40000"));
    census_round_take(census, 6, WORLD("time_wait 127.0.0.1 left 4000"));
    const struct census_port *port = census_port_find(census, PROTOCOL_TCP, WORLD_PORT);
    assert_non_null(port);
    assert_int_equal(census_round_sockets(port), 1);
    assert_int_equal(port->longest_time_wait_ms, 4000);
    assert_false(port->listening);
    assert_int_equal(port->holders.count, 1);
    assert_int_equal(port->last_seen_ns, 6 * CLOCK_NS_PER_S);
    assert_int_equal(census_sockets(census), 1);
    assert_int_equal(census_ephemeral_used(census, PROTOCOL_TCP), 0);
    assert_int_equal(census_round_sockets(census_ephemeral(census, PROTOCOL_TCP)), 0);
}

static void the_longest_time_is_that_of_time_wait_alone(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(16);
    census_round_take(census, 1,
                      WORLD("listen 0.0.0.0", "time_wait 127.0.0.1 left 20000", "time_wait 127.0.0.2 left 30000",
                            "time_wait 127.0.0.1 left 10000", "fin_wait2 127.0.0.1 orphan left 59000"));
    assert_int_equal(census_port_find(census, PROTOCOL_TCP, WORLD_PORT)->longest_time_wait_ms, 30000);
    census_round_take(census, 2, WORLD("time_wait 127.0.0.1 left 29000", "time_wait 127.0.0.2 left 28500 read 900"));
    assert_int_equal(census_port_find(census, PROTOCOL_TCP, WORLD_PORT)->longest_time_wait_ms, 29400);
}

static void untracked_ports_are_summed_by_the_range_that_they_are_in(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(16);
    census_round_take(census, 1,
                      WORLD("established 10.0.0.1 port 32768", "time_wait 10.0.0.1 port 60999 left 700",
                            "established 10.0.0.1 port 61000", "bound_inactive 0.0.0.0 port 32767",
                            "udp close 0.0.0.0 port 40000 x2"));
    assert_int_equal(census_port_count(census), 0);
    assert_int_equal(census_round_sockets(census_ephemeral(census, PROTOCOL_TCP)), 2);
    assert_int_equal(census_ephemeral(census, PROTOCOL_TCP)->longest_time_wait_ms, 700);
    assert_int_equal(census_round_sockets(census_other(census, PROTOCOL_TCP)), 2);
    assert_int_equal(census_round_sockets(census_ephemeral(census, PROTOCOL_UDP)), 2);
    assert_int_equal(census_other(census, PROTOCOL_UDP)->holders.count, 0);
}

static void ephemeral_ports_in_use_are_counted_once_and_tracked_ones_too(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(16);
    census_round_take(census, 1,
                      WORLD("listen 0.0.0.0 port 50000", "established 10.0.0.1 port 40000 x9",
                            "time_wait 10.0.0.2 port 40000", "established 10.0.0.1 port 40001",
                            "established 10.0.0.1 port 8080", "udp close 0.0.0.0 port 40000"));
    assert_int_equal(census_ephemeral_used(census, PROTOCOL_TCP), 3);
    assert_int_equal(census_ephemeral_used(census, PROTOCOL_UDP), 1);
}

static void tracked_ports_are_in_the_order_of_protocol_and_port(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(16);
    census_round_take(census, 1,
                      WORLD("listen 0.0.0.0 port 443", "udp close 0.0.0.0 port 53", "listen 0.0.0.0 port 22",
                            "listen 0.0.0.0 port 65535"));
    static const uint16_t expected[] = {22, 443, 65535, 53};
    assert_int_equal(census_port_count(census), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct census_port *port = census_port_at(census, i);
        assert_int_equal(port->port, expected[i]);
        assert_ptr_equal(port, census_port_find(census, port->protocol, port->port));
    }
}

static struct sock random_sock(struct chance *chance, bool listener)
{
    static const uint16_t bases[] = {78, 32766, 60997};
    struct sock sock = {
        .protocol = !listener && chance_once_in(chance, 3) ? PROTOCOL_UDP : PROTOCOL_TCP,
        .family = chance_once_in(chance, 2) ? FAMILY_IPV4 : FAMILY_IPV6,
        .local_port = (uint16_t)(bases[chance_below(chance, 3)] + chance_below(chance, 6)),
        .remaining_ms = chance_below(chance, 60000),
        .cookie = chance_below(chance, UINT32_MAX),
    };
    sock.local.family = sock.family;
    sock.local.bytes[3] = (uint8_t)chance_below(chance, 4);
    do
        sock.state = listener ? SOCK_LISTEN : (enum sock_state)chance_below(chance, SOCK_STATE_COUNT);
    while (!sock_state_exists(sock.protocol, sock.state) || (!listener && sock.state == SOCK_LISTEN));
    sock.minisocket = sock.state == SOCK_TIME_WAIT;
    return sock;
}

static void assert_ports_sum_to_the_totals(const struct census *census, uint64_t (*entered)[SOCK_STATE_COUNT])
{
    for (enum protocol protocol = PROTOCOL_TCP; protocol <= PROTOCOL_UDP; protocol++) {
        for (enum sock_state state = SOCK_ESTABLISHED; state < SOCK_STATE_COUNT; state++) {
            uint64_t total =
                census_total(census, protocol, FAMILY_IPV4, state) + census_total(census, protocol, FAMILY_IPV6, state);
            uint64_t sum =
                census_ephemeral(census, protocol)->states[state] + census_other(census, protocol)->states[state];
            for (size_t i = 0; i < census_port_count(census); i++) {
                const struct census_port *port = census_port_at(census, i);
                sum += port->protocol == protocol ? port->states[state] : 0;
            }
            assert_int_equal(total, entered[protocol][state]);
            assert_int_equal(sum, total);
        }
    }
}

static void assert_holders_sum_to_their_port(const struct census *census)
{
    for (size_t i = 0; i < census_port_count(census); i++) {
        const struct census_port *port = census_port_at(census, i);
        uint64_t held = 0;
        for (size_t g = 0; g < port->holders.count; g++)
            held += port->holders.groups[g].count;
        assert_int_equal(held, census_round_sockets(port));
    }
}

/* Streams as the kernel sends them: listeners, then the rest in any order; with more ports than there is room for. */
static void the_ports_sum_to_the_totals_whatever_comes(void **state)
{
    (void)state;
    struct chance chance = chance_new();
    for (int run = 0; run < 50; run++) {
        struct census_limits limits = {
            .max_ports = 1 + chance_below(&chance, 20),
            .track_listeners = !chance_once_in(&chance, 4),
            .track_all = chance_once_in(&chance, 4),
            .forget_after_ns = (1 + chance_below(&chance, 4)) * CLOCK_NS_PER_S,
        };
        cleanup(census_freep) struct census *census = census_round_new(&limits);
        for (int64_t now_s = 1; now_s <= 20; now_s++) {
            uint64_t entered[PROTOCOL_COUNT][SOCK_STATE_COUNT] = {0};
            census_round_begin(census, now_s);
            uint32_t listeners = chance_below(&chance, 12);
            uint32_t sockets = listeners + chance_below(&chance, 200);
            for (uint32_t i = 0; i < sockets; i++) {
                struct sock sock = random_sock(&chance, i < listeners);
                entered[sock.protocol][sock.state]++;
                assert_int_equal(census_add(census, &sock), 0);
            }
            census_end(census);
            assert_int_equal(census_sockets(census), sockets);
            assert_true(census_port_count(census) <= limits.max_ports);
            assert_ports_sum_to_the_totals(census, entered);
            assert_holders_sum_to_their_port(census);
        }
    }
}

static void a_hundred_thousand_addresses_on_one_port_are_counted_exactly_in_bounded_memory(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = census_round_usual(4);
    census_round_begin(census, 1);
    world_enter(census, WORLD("listen 0.0.0.0"));
    struct sock sock = {.state = SOCK_TIME_WAIT, .minisocket = true, .local_port = WORLD_PORT};
    for (uint32_t i = 0; i < 100000; i++) {
        memcpy(sock.local.bytes, &i, sizeof(i));
        sock.cookie = i + 10;
        assert_int_equal(census_add(census, &sock), 0);
    }
    census_end(census);
    const struct census_port *port = census_port_find(census, PROTOCOL_TCP, WORLD_PORT);
    assert_int_equal(port->states[SOCK_TIME_WAIT], 100000);
    assert_int_equal(port->holders.count, HOLDERS_GROUPS_MAX + 1);
    assert_holders_sum_to_their_port(census);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_are_counted_by_protocol_family_and_state),
        cmocka_unit_test(each_round_counts_anew),
        cmocka_unit_test(the_longest_time_is_that_of_time_wait_alone),
        cmocka_unit_test(untracked_ports_are_summed_by_the_range_that_they_are_in),
        cmocka_unit_test(ephemeral_ports_in_use_are_counted_once_and_tracked_ones_too),
        cmocka_unit_test(tracked_ports_are_in_the_order_of_protocol_and_port),
        cmocka_unit_test(the_ports_sum_to_the_totals_whatever_comes),
        cmocka_unit_test(a_hundred_thousand_addresses_on_one_port_are_counted_exactly_in_bounded_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
