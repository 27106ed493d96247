#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "attempts.h"
#include "base/clock.h"

#define START_NS (1000 * CLOCK_NS_PER_S)
#define COST_NS (50 * CLOCK_NS_PER_MS)
#define QUIET_NS (ATTEMPTS_ADDRESS_QUIET_SECONDS * CLOCK_NS_PER_S)

static struct address ipv4(unsigned number)
{
    return (struct address){.family = FAMILY_IPV4,
                            .bytes = {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
}

static struct address ipv6(uint8_t network, uint8_t host)
{
    return (struct address){.family = FAMILY_IPV6, .bytes = {0x20, 1, 0xd, 0xb8, 0, 0, 0, network, [15] = host}};
}

static void the_first_attempt_is_allowed(void **state)
{
    (void)state;
    const struct attempts attempts = {0};
    const struct address client = ipv4(1);
    assert_true(attempts_allowed(&attempts, &client, START_NS));
}

static void after_a_wrong_one_nobody_is_hashed_for_four_times_as_long(void **state)
{
    (void)state;
    struct attempts attempts = {0};
    const struct address guesser = ipv4(1);
    const struct address other = ipv4(2);
    attempts_failed(&attempts, &guesser, START_NS, COST_NS);
    assert_false(attempts_allowed(&attempts, &other, START_NS));
    assert_false(attempts_allowed(&attempts, &other, START_NS + 4 * COST_NS - 1));
    assert_true(attempts_allowed(&attempts, &other, START_NS + 4 * COST_NS));
}

static void the_address_itself_waits_for_two_seconds(void **state)
{
    (void)state;
    struct attempts attempts = {0};
    const struct address guesser = ipv4(1);
    attempts_failed(&attempts, &guesser, START_NS, COST_NS);
    assert_false(attempts_allowed(&attempts, &guesser, START_NS + QUIET_NS - 1));
    assert_true(attempts_allowed(&attempts, &guesser, START_NS + QUIET_NS));
}

static void an_ipv6_network_of_64_bits_is_one_address(void **state)
{
    (void)state;
    struct attempts attempts = {0};
    const struct address guesser = ipv6(1, 1);
    const struct address neighbour = ipv6(1, 2);
    const struct address elsewhere = ipv6(2, 1);
    attempts_failed(&attempts, &guesser, START_NS, COST_NS);
    assert_false(attempts_allowed(&attempts, &neighbour, START_NS + QUIET_NS - 1));
    assert_true(attempts_allowed(&attempts, &elsewhere, START_NS + QUIET_NS - 1));
}

static void a_mapped_address_is_the_ipv4_address(void **state)
{
    (void)state;
    struct attempts attempts = {0};
    const struct address plain = ipv4(1);
    struct address mapped = {.family = FAMILY_IPV6, .bytes = {[10] = 0xff, [11] = 0xff, 10, 0, 0, 1}};
    attempts_failed(&attempts, &mapped, START_NS, COST_NS);
    assert_false(attempts_allowed(&attempts, &plain, START_NS + QUIET_NS - 1));
    mapped.bytes[15] = 2;
    assert_true(attempts_allowed(&attempts, &mapped, START_NS + QUIET_NS - 1));
}

/* All guess whenever they may: the time that goes into hashes is a fifth. */
static void however_many_addresses_guess_a_fifth_of_the_time_goes_into_it(void **state)
{
    (void)state;
    struct attempts attempts = {0};
    int64_t busy_ns = 0;
    int64_t end_ns = START_NS + 10 * CLOCK_NS_PER_S;
    unsigned guesser = 0;
    for (int64_t now_ns = START_NS; now_ns < end_ns; now_ns += CLOCK_NS_PER_MS) {
        const struct address client = ipv4(++guesser);
        if (!attempts_allowed(&attempts, &client, now_ns))
            continue;
        now_ns += COST_NS;
        busy_ns += COST_NS;
        attempts_failed(&attempts, &client, now_ns, COST_NS);
    }
    assert_in_range(busy_ns, 19 * CLOCK_NS_PER_S / 10, 2 * CLOCK_NS_PER_S);
}

static void with_more_addresses_than_places_the_oldest_is_forgotten(void **state)
{
    (void)state;
    struct attempts attempts = {0};
    for (unsigned i = 0; i <= ATTEMPTS_ADDRESSES_MAX; i++) {
        const struct address guesser = ipv4(i);
        attempts_failed(&attempts, &guesser, START_NS + i, 0);
    }
    const int64_t now_ns = START_NS + CLOCK_NS_PER_S;
    const struct address oldest = ipv4(0);
    assert_true(attempts_allowed(&attempts, &oldest, now_ns));
    for (unsigned i = 1; i <= ATTEMPTS_ADDRESSES_MAX; i++) {
        const struct address guesser = ipv4(i);
        assert_false(attempts_allowed(&attempts, &guesser, now_ns));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_attempt_is_allowed),
        cmocka_unit_test(after_a_wrong_one_nobody_is_hashed_for_four_times_as_long),
        cmocka_unit_test(the_address_itself_waits_for_two_seconds),
        cmocka_unit_test(an_ipv6_network_of_64_bits_is_one_address),
        cmocka_unit_test(a_mapped_address_is_the_ipv4_address),
        cmocka_unit_test(however_many_addresses_guess_a_fifth_of_the_time_goes_into_it),
        cmocka_unit_test(with_more_addresses_than_places_the_oldest_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
