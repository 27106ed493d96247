#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>

#include "judge/overlap.h"
#include "world.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static char letter(enum overlap overlap)
{
    switch (overlap) {
    case OVERLAP_NO:
        return '-';
    case OVERLAP_YES:
        return 'X';
    case OVERLAP_PERHAPS:
        return '~';
    }
    return ' ';
}

static enum overlap overlap_with(const char *line, const char *bind_address)
{
    struct holders holders = world_holders(WORLD(line));
    struct address address = world_address(bind_address);
    enum overlap overlap = overlap_of(&holders.groups[0], &address);
    holders_done(&holders);
    return overlap;
}

static const char *const binds[] = {"0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1"};

/* One letter for each of the binds: X blocks, - does not, ~ cannot be told. */
static void assert_row(const char *line, const char *expected)
{
    char row[COUNT_OF(binds) + 1] = {0};
    for (size_t i = 0; i < COUNT_OF(binds); i++)
        row[i] = letter(overlap_with(line, binds[i]));
    if (strcmp(row, expected) != 0)
        print_message("%s\n", line);
    assert_string_equal(row, expected);
}

/* Measured on Linux 6.18, 6.12, 6.1 and 5.10. */
static void a_listener_blocks_the_binds_that_the_kernel_refuses(void **state)
{
    (void)state;
    assert_row("listen 0.0.0.0", "XXXX-");
    assert_row("listen 127.0.0.1", "XX-X-");
    assert_row("listen 127.0.0.2", "X-XX-");
    assert_row("listen :: dual", "XXXXX");
    assert_row("listen :: v6only", "---XX");
    assert_row("listen ::1", "---XX");
    assert_row("listen ::ffff:127.0.0.1", "XX-X-");
    assert_row("listen ::ffff:0.0.0.0", "XXXX-");
}

static void a_udp_socket_blocks_what_a_listener_on_its_address_would(void **state)
{
    (void)state;
    assert_row("udp close 0.0.0.0", "XXXX-");
    assert_row("udp close 127.0.0.1", "XX-X-");
    assert_row("udp close :: dual", "XXXXX");
    assert_row("udp close :: v6only", "---XX");
    assert_row("udp close ::1", "---XX");
    assert_row("udp established 127.0.0.2 to 127.0.0.1 53", "X-XX-");
}

static void a_time_wait_blocks_by_the_address_of_its_connection(void **state)
{
    (void)state;
    assert_row("time_wait 127.0.0.1", "XX-X-");
    assert_row("time_wait ::ffff:127.0.0.1", "XX-X-");
}

/* A TIME_WAIT of [::1] blocks 0.0.0.0 exactly when its server was dual-stack; the table does not show that. */
static void an_ipv6_connection_may_block_the_ipv4_wildcard(void **state)
{
    (void)state;
    assert_row("time_wait ::1", "~--XX");
    assert_row("established ::1", "~--XX");
    assert_row("time_wait ::1 dual", "X--XX");
    assert_row("time_wait ::1 v6only", "---XX");
    assert_row("time_wait 2001:db8::1", "~--X-");
}

/* 127.0.0.6 is what the kernel writes as the IPv4 address of a socket with a real IPv6 one. */
static void an_ipv6_connection_may_block_its_ipv4_stand_in(void **state)
{
    (void)state;
    assert_int_equal(overlap_with("time_wait ::1", "127.0.0.6"), OVERLAP_PERHAPS);
    assert_int_equal(overlap_with("time_wait ::1 dual", "127.0.0.6"), OVERLAP_PERHAPS);
    assert_int_equal(overlap_with("time_wait ::1 v6only", "127.0.0.6"), OVERLAP_NO);
    assert_int_equal(overlap_with("time_wait ::1", "127.0.0.7"), OVERLAP_NO);
    assert_int_equal(overlap_with("listen ::1", "127.0.0.6"), OVERLAP_NO);
}

static void an_unknown_v6only_on_the_wildcard_leaves_ipv4_open(void **state)
{
    (void)state;
    assert_row("listen :: v6only?", "~~~XX");
}

/*
 * A request socket is in no bind bucket: once its listener has closed, the table shows it until its timer ends, and
 * every bind works (measured on 6.18). Only TCP Fast Open makes a whole socket in this state.
 */
static void a_connection_that_is_being_accepted_blocks_nothing_for_sure(void **state)
{
    (void)state;
    assert_row("syn_recv 127.0.0.1", "~~-~-");
    assert_row("syn_recv ::1", "~--~~");
    assert_row("syn_recv 127.0.0.1 inode 7", "XX-X-");
}

static void a_device_does_not_matter_to_a_bind_without_one(void **state)
{
    (void)state;
    assert_row("listen 0.0.0.0 dev 3", "XXXX-");
}

/* The group that gathers sockets of many addresses stands last in a port that has too many kinds. */
static enum overlap overlap_of_a_crowd(const char *prefix, const char *bind_address)
{
    char lines[HOLDERS_GROUPS_MAX + 1][64];
    const char *table[HOLDERS_GROUPS_MAX + 2] = {0};
    for (size_t i = 0; i <= HOLDERS_GROUPS_MAX; i++) {
        (void)snprintf(lines[i], sizeof(lines[i]), "time_wait %s%zu", prefix, 100 + i);
        table[i] = lines[i];
    }
    struct holders holders = world_holders(table);
    const struct holder *crowd = &holders.groups[HOLDERS_GROUPS_MAX];
    assert_true(crowd->many_locals);
    struct address address = world_address(bind_address);
    enum overlap overlap = overlap_of(crowd, &address);
    holders_done(&holders);
    return overlap;
}

static void a_crowd_of_ipv4_addresses_blocks_the_wildcards_and_no_ipv6_address(void **state)
{
    (void)state;
    assert_int_equal(overlap_of_a_crowd("127.0.2.", "0.0.0.0"), OVERLAP_YES);
    assert_int_equal(overlap_of_a_crowd("127.0.2.", "::"), OVERLAP_YES);
    assert_int_equal(overlap_of_a_crowd("127.0.2.", "127.0.2.100"), OVERLAP_PERHAPS);
    assert_int_equal(overlap_of_a_crowd("127.0.2.", "127.0.3.1"), OVERLAP_PERHAPS);
    assert_int_equal(overlap_of_a_crowd("127.0.2.", "::1"), OVERLAP_NO);
}

static void a_crowd_of_ipv6_addresses_blocks_only_the_ipv6_wildcard_for_sure(void **state)
{
    (void)state;
    assert_int_equal(overlap_of_a_crowd("2001:db8::", "::"), OVERLAP_YES);
    assert_int_equal(overlap_of_a_crowd("2001:db8::", "0.0.0.0"), OVERLAP_PERHAPS);
    assert_int_equal(overlap_of_a_crowd("2001:db8::", "::1"), OVERLAP_PERHAPS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_listener_blocks_the_binds_that_the_kernel_refuses),
        cmocka_unit_test(a_udp_socket_blocks_what_a_listener_on_its_address_would),
        cmocka_unit_test(a_time_wait_blocks_by_the_address_of_its_connection),
        cmocka_unit_test(an_ipv6_connection_may_block_the_ipv4_wildcard),
        cmocka_unit_test(an_ipv6_connection_may_block_its_ipv4_stand_in),
        cmocka_unit_test(an_unknown_v6only_on_the_wildcard_leaves_ipv4_open),
        cmocka_unit_test(a_connection_that_is_being_accepted_blocks_nothing_for_sure),
        cmocka_unit_test(a_device_does_not_matter_to_a_bind_without_one),
        cmocka_unit_test(a_crowd_of_ipv4_addresses_blocks_the_wildcards_and_no_ipv6_address),
        cmocka_unit_test(a_crowd_of_ipv6_addresses_blocks_only_the_ipv6_wildcard_for_sure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
