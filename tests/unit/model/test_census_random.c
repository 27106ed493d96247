/* Random streams of sockets against naive counts. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "census_round.h"
#include "chance.h"

#define PEOPLE 400
#define LOW_PORTS 8    /* 80 …, with listeners */
#define RANGE_PORTS 40 /* 40000 … */
#define PAGE_COOKIES 4096

/* A socket that lives through some rounds. */
struct person {
    bool alive;
    bool has_entered; /* TIME_WAIT, in this round or before */
    struct sock sock;
};

/* What a round should say. */
struct truth {
    uint64_t totals[PROTOCOL_COUNT][FAMILY_COUNT][SOCK_STATE_COUNT];
    uint64_t outgoing;
    uint64_t entered; /* in all rounds but the first */
};

struct crowd {
    struct chance chance;
    struct person people[PEOPLE];
    uint64_t next_cookie;
    struct truth truth;
};

static struct sock random_sock(struct crowd *crowd)
{
    struct chance *chance = &crowd->chance;
    bool ipv4 = chance_once_in(chance, 2);
    struct sock sock = {
        .protocol = chance_once_in(chance, 4) ? PROTOCOL_UDP : PROTOCOL_TCP,
        .family = ipv4 ? FAMILY_IPV4 : FAMILY_IPV6,
        .local = world_address(ipv4 ? "10.0.0.1" : "fd00::1"),
        .remote = world_address(ipv4 ? "10.0.0.9" : "fd00::9"),
        .remote_port = (uint16_t)(1 + chance_below(chance, 20)),
        .remaining_ms = chance_below(chance, 60000),
        .cookie = crowd->next_cookie++,
    };
    sock.local_port = (uint16_t)(chance_once_in(chance, 2) ? 80 + chance_below(chance, LOW_PORTS)
                                                           : 40000 + chance_below(chance, RANGE_PORTS));
    do
        sock.state = (enum sock_state)chance_below(chance, SOCK_STATE_COUNT);
    while (!sock_state_exists(sock.protocol, sock.state));
    if (sock.state == SOCK_LISTEN)
        sock.local_port = (uint16_t)(80 + chance_below(chance, LOW_PORTS));
    if (sock.state == SOCK_SYN_RECV)
        sock.direction = DIRECTION_INBOUND;
    if (sock.state == SOCK_LISTEN || sock.state == SOCK_BOUND_INACTIVE || sock.state == SOCK_CLOSE)
        sock.remote_port = 0;
    sock.minisocket = sock.state == SOCK_TIME_WAIT || (sock.state == SOCK_FIN_WAIT2 && chance_once_in(chance, 2));
    return sock;
}

/* Some come, some go, some close. */
static void live_on(struct crowd *crowd)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        struct person *person = &crowd->people[i];
        struct sock *sock = &person->sock;
        if (!person->alive && chance_once_in(&crowd->chance, 3)) {
            crowd->next_cookie += chance_once_in(&crowd->chance, 20) ? PAGE_COOKIES : 0;
            *person = (struct person){.alive = true, .sock = random_sock(crowd)};
        } else if (chance_once_in(&crowd->chance, 8)) {
            person->alive = false;
        } else if (sock->protocol == PROTOCOL_TCP && sock->remote_port != 0 && sock->state != SOCK_TIME_WAIT &&
                   chance_once_in(&crowd->chance, 4)) {
            sock->minisocket = true;
            sock->state = chance_once_in(&crowd->chance, 3) ? SOCK_FIN_WAIT2 : SOCK_TIME_WAIT;
            sock->direction = DIRECTION_UNKNOWN;
        }
    }
}

static void count(struct crowd *crowd, bool first_round)
{
    struct truth *truth = &crowd->truth;
    memset(truth->totals, 0, sizeof(truth->totals));
    truth->outgoing = 0;
    for (size_t i = 0; i < PEOPLE; i++) {
        struct person *person = &crowd->people[i];
        const struct sock *sock = &person->sock;
        if (!person->alive)
            continue;
        truth->totals[sock->protocol][sock->family][sock->state]++;
        bool inbound = sock->protocol == PROTOCOL_TCP && sock->direction == DIRECTION_INBOUND;
        truth->outgoing += sock->local_port >= 40000 && sock->remote_port != 0 && !inbound;
        truth->entered += !first_round && !person->has_entered && sock->state == SOCK_TIME_WAIT;
        person->has_entered = person->has_entered || sock->state == SOCK_TIME_WAIT;
    }
}

/* 0: comes first in the kernel's dump. */
static int place_in_dump(const struct sock *sock)
{
    if (sock->state == SOCK_LISTEN)
        return 0;
    return sock->state == SOCK_BOUND_INACTIVE ? 1 : 2;
}

/* Listeners and bound sockets first, the rest as it happens; whole or only a part of it. */
static void dump(struct crowd *crowd, struct census *census, bool whole)
{
    size_t first = chance_below(&crowd->chance, PEOPLE);
    for (int place = 0; place < 3; place++) {
        for (size_t i = 0; i < PEOPLE; i++) {
            const struct person *person = &crowd->people[(first + i * 3) % PEOPLE];
            if (person->alive && place_in_dump(&person->sock) == place && (whole || chance_once_in(&crowd->chance, 2)))
                assert_int_equal(census_add(census, &person->sock), 0);
        }
    }
}

static void take_round(struct crowd *crowd, struct census *census, int64_t now_s)
{
    census_round_begin(census, now_s);
    if (chance_once_in(&crowd->chance, 4)) {
        dump(crowd, census, false);
        census_round_begin(census, now_s);
    }
    dump(crowd, census, true);
    census_end(census);
}

static uint64_t port_sum(const struct census *census, enum protocol protocol, enum sock_state state)
{
    uint64_t sum = census_ephemeral(census, protocol)->states[state] + census_other(census, protocol)->states[state];
    for (size_t i = 0; i < census_port_count(census); i++)
        if (census_port_at(census, i)->protocol == protocol)
            sum += census_port_at(census, i)->states[state];
    return sum;
}

static void assert_states_agree(const struct census *census, const struct truth *truth)
{
    for (enum protocol protocol = PROTOCOL_TCP; protocol < PROTOCOL_COUNT; protocol++) {
        for (enum sock_state state = SOCK_ESTABLISHED; state < SOCK_STATE_COUNT; state++) {
            uint64_t sum = 0;
            for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
                uint64_t wanted = truth->totals[protocol][family][state];
                assert_int_equal(census_total(census, protocol, family, state), wanted);
                sum += wanted;
            }
            assert_int_equal(port_sum(census, protocol, state), sum);
        }
    }
}

static void assert_traffic_agrees(const struct census *census, const struct truth *truth)
{
    const struct entered *counters = census_entered(census);
    uint64_t entered = 0;
    for (size_t i = 0; i < entered_count(counters); i++)
        entered += entered_at(counters, i)->total;
    assert_int_equal(entered, truth->entered);
    const struct destinations *destinations = census_destinations(census);
    uint64_t outgoing = destinations_uncounted(destinations);
    for (size_t i = 0; i < destinations_count(destinations); i++)
        outgoing += destinations_at(destinations, i)->live + destinations_at(destinations, i)->time_wait;
    assert_int_equal(outgoing, truth->outgoing);
}

/* Two that saw the same sockets in another order. */
static void assert_same(const struct census *one, const struct census *other)
{
    assert_int_equal(census_port_count(one), census_port_count(other));
    for (size_t i = 0; i < census_port_count(one); i++) {
        const struct census_port *port = census_port_at(one, i);
        const struct census_port *same = census_port_find(other, port->protocol, port->port);
        assert_non_null(same);
        assert_memory_equal(port->states, same->states, sizeof(port->states));
        const struct entered_counter *counter = entered_of(census_entered(one), port->port);
        const struct entered_counter *same_counter = entered_of(census_entered(other), port->port);
        assert_int_equal(counter == NULL, same_counter == NULL);
        if (counter != NULL)
            assert_int_equal(counter->total, same_counter->total);
    }
    assert_memory_equal(census_bound_ports(one), census_bound_ports(other), sizeof(struct port_set));
}

static struct census *new_census(size_t max_ports, int64_t forget_after_s)
{
    struct census_limits limits = {.max_ports = max_ports,
                                   .track_listeners = true,
                                   .track_traffic = true,
                                   .forget_after_ns = forget_after_s * CLOCK_NS_PER_S};
    return census_round_new(&limits);
}

static void try_crowd(struct crowd *crowd, size_t max_ports, bool order_matters)
{
    int64_t forget_after_s = 1 + chance_below(&crowd->chance, 5);
    cleanup(census_freep) struct census *one = new_census(max_ports, forget_after_s);
    cleanup(census_freep) struct census *other = new_census(max_ports, forget_after_s);
    memset(crowd->people, 0, sizeof(crowd->people));
    crowd->truth = (struct truth){0};
    for (int64_t now_s = 1; now_s <= 40; now_s++) {
        live_on(crowd);
        count(crowd, now_s == 1);
        take_round(crowd, one, now_s);
        take_round(crowd, other, now_s);
        assert_states_agree(one, &crowd->truth);
        assert_states_agree(other, &crowd->truth);
        assert_traffic_agrees(one, &crowd->truth);
        assert_traffic_agrees(other, &crowd->truth);
        if (!order_matters)
            assert_same(one, other);
    }
}

static void below_every_cap_the_sums_agree_and_the_order_does_not_matter(void **state)
{
    (void)state;
    struct crowd crowd = {.chance = chance_new(), .next_cookie = 1};
    for (int run = 0; run < 20; run++)
        try_crowd(&crowd, 1000, false);
}

static void with_more_ports_than_there_is_room_for_the_sums_agree(void **state)
{
    (void)state;
    struct crowd crowd = {.chance = chance_new(), .next_cookie = 1};
    for (int run = 0; run < 20; run++)
        try_crowd(&crowd, 1 + chance_below(&crowd.chance, LOW_PORTS), true);
}

/* Cookies so sparse that no set has room for them, and as many destinations: a TIME_WAIT every 2 ms. */
static void beyond_the_room_for_cookies_and_destinations_the_sums_agree(void **state)
{
    (void)state;
    cleanup(census_freep) struct census *census = new_census(16, 60);
    struct truth truth = {0};
    for (int64_t now_s = 60; now_s <= 80; now_s += 4) {
        memset(truth.totals, 0, sizeof(truth.totals));
        census_round_begin(census, now_s);
        for (uint64_t i = 0; i <= (uint64_t)now_s * 500; i++) {
            int64_t age_ms = now_s * 1000 - (int64_t)i * 2;
            if (age_ms >= 60000)
                continue;
            struct sock sock = {
                .state = SOCK_TIME_WAIT,
                .minisocket = true,
                .local_port = (uint16_t)(40000 + i % 1000),
                .remote_port = (uint16_t)(1 + i / 4),
                .remaining_ms = (uint32_t)(60000 - age_ms),
                .cookie = i * PAGE_COOKIES,
            };
            assert_int_equal(census_add(census, &sock), 0);
            truth.totals[PROTOCOL_TCP][FAMILY_IPV4][SOCK_TIME_WAIT]++;
        }
        census_end(census);
        truth.outgoing = truth.totals[PROTOCOL_TCP][FAMILY_IPV4][SOCK_TIME_WAIT];
        truth.entered = (uint64_t)(now_s - 60) * 500;
        assert_states_agree(census, &truth);
        assert_traffic_agrees(census, &truth);
        assert_true(destinations_uncounted(census_destinations(census)) > 0);
    }
    assert_false(ledger_is_exact(census_ledger(census)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_every_cap_the_sums_agree_and_the_order_does_not_matter),
        cmocka_unit_test(with_more_ports_than_there_is_room_for_the_sums_agree),
        cmocka_unit_test(beyond_the_room_for_cookies_and_destinations_the_sums_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
