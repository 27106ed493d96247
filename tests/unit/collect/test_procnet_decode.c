#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "procnet_decode.h"

#define TICKS_PER_S 100

static const struct procnet_table tcp = {"tcp", PROTOCOL_TCP, FAMILY_IPV4, TICKS_PER_S};
static const struct procnet_table tcp6 = {"tcp6", PROTOCOL_TCP, FAMILY_IPV6, TICKS_PER_S};
static const struct procnet_table udp = {"udp", PROTOCOL_UDP, FAMILY_IPV4, TICKS_PER_S};

/* As the kernel writes them, from 127.0.0.1:8080 to 10.1.2.3:40000 where there is a peer. */
#define WORD(a, b, c, d) htonl((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#define LINE_MAX_LENGTH 256

struct line {
    char text[LINE_MAX_LENGTH];
};

static struct line line_of(unsigned state, unsigned timer, unsigned long ticks, unsigned inode)
{
    struct line line;
    (void)snprintf(
        line.text, sizeof(line.text),
        "%4d: %08X:%04X %08X:%04X %02X %08X:%08X %02X:%08lX %08X %5u %8d %u 1 000000001ca5a5d0 20 4 0 10 -1 ", 7,
        WORD(127, 0, 0, 1), 8080, WORD(10, 1, 2, 3), state == 10 ? 0 : 40000, state, 0, 5, timer, ticks, 0, 1000, 0,
        inode);
    return line;
}

static struct sock decode(const struct procnet_table *table, const char *text)
{
    struct sock sock;
    struct error error = {""};
    if (procnet_decode(table, text, &sock, &error) < 0)
        fail_msg("%s", error.text);
    return sock;
}

static void assert_address(const struct address *address, const char *expected)
{
    char text[ADDRESS_TEXT_MAX];
    address_format(address, text);
    assert_string_equal(text, expected);
}

static void addresses_ports_owner_and_inode_are_read(void **state)
{
    (void)state;
    struct line line = line_of(1, 0, 0, 77);
    struct sock sock = decode(&tcp, line.text);
    assert_int_equal(sock.state, SOCK_ESTABLISHED);
    assert_address(&sock.local, "127.0.0.1");
    assert_address(&sock.remote, "10.1.2.3");
    assert_int_equal(sock.local_port, 8080);
    assert_int_equal(sock.remote_port, 40000);
    assert_int_equal(sock.uid, 1000);
    assert_int_equal(sock.inode, 77);
    assert_int_equal(sock.v6only, V6ONLY_NO);
    assert_int_equal(sock.direction, DIRECTION_UNKNOWN);
    assert_int_equal(sock.remaining_ms, 0);
}

static void ipv6_addresses_are_read_and_v6only_is_not_known(void **state)
{
    (void)state;
    char text[LINE_MAX_LENGTH];
    (void)snprintf(text, sizeof(text),
                   "   0: %08X%08X%08X%08X:0050 %08X%08X%08X%08X:0000 0A 00000000:00000000 00:00000000 00000000     0  "
                   "      0 666 1 0000000014ca5a5d 100 0 0 10 0",
                   htonl(0x20010db8), 0, 0, htonl(7), 0, 0, 0, 0);
    struct sock sock = decode(&tcp6, text);
    assert_address(&sock.local, "2001:db8::7");
    assert_int_equal(sock.local_port, 80);
    assert_int_equal(sock.family, FAMILY_IPV6);
    assert_int_equal(sock.v6only, V6ONLY_UNKNOWN);
    (void)snprintf(text, sizeof(text),
                   "   0: 0000000000000000%08X%08X:0050 0000000000000000%08X%08X:C000 01 00000000:00000000 00:00000000 "
                   "00000000     0        0 0 1 0",
                   htonl(0xffff), WORD(127, 0, 0, 1), htonl(0xffff), WORD(127, 0, 0, 2));
    sock = decode(&tcp6, text);
    assert_address(&sock.local, "::ffff:127.0.0.1");
    assert_int_equal(sock.v6only, V6ONLY_NO);
    assert_int_equal(sock.direction, DIRECTION_INBOUND); /* nobody has accepted it */
}

static void every_tcp_state_is_known(void **state)
{
    (void)state;
    static const enum sock_state expected[] = {
        SOCK_ESTABLISHED,    SOCK_SYN_SENT,   SOCK_SYN_RECV, SOCK_FIN_WAIT1, SOCK_FIN_WAIT2, SOCK_TIME_WAIT,
        SOCK_BOUND_INACTIVE, SOCK_CLOSE_WAIT, SOCK_LAST_ACK, SOCK_LISTEN,    SOCK_CLOSING,
    };
    for (unsigned i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        struct line line = line_of(i + 1, expected[i] == SOCK_TIME_WAIT ? 3 : 0, 0, 1);
        assert_int_equal(decode(&tcp, line.text).state, expected[i]);
    }
}

static void a_timer_is_rounded_up_so_that_nothing_is_announced_too_early(void **state)
{
    (void)state;
    struct line line = line_of(6, 3, 5999, 0);
    struct sock sock = decode(&tcp, line.text);
    assert_true(sock.minisocket);
    assert_int_equal(sock.remaining_ms, 60000);
    line = line_of(5, 3, 0, 0);
    sock = decode(&tcp, line.text);
    assert_true(sock.minisocket);
    assert_int_equal(sock.remaining_ms, 10);
    /* Its process still has it, or keep-alive ends it. */
    line = line_of(5, 2, 1000, 0);
    sock = decode(&tcp, line.text);
    assert_false(sock.minisocket);
    assert_int_equal(sock.remaining_ms, 0);
}

static void a_listener_has_a_queue_without_a_known_limit(void **state)
{
    (void)state;
    struct line line = line_of(10, 0, 0, 9);
    struct sock sock = decode(&tcp, line.text);
    assert_int_equal(sock.queue_length, 5);
    assert_int_equal(sock.queue_limit, SOCK_QUEUE_LIMIT_UNKNOWN);
    line = line_of(1, 0, 0, 9);
    sock = decode(&tcp, line.text);
    assert_int_equal(sock.queue_length, 0);
    assert_int_equal(sock.queue_limit, 0);
}

static void udp_has_two_states(void **state)
{
    (void)state;
    struct line line = line_of(7, 0, 0, 9);
    assert_int_equal(decode(&udp, line.text).state, SOCK_CLOSE);
    line = line_of(1, 0, 0, 9);
    assert_int_equal(decode(&udp, line.text).state, SOCK_ESTABLISHED);
    line = line_of(10, 0, 0, 9);
    struct sock sock;
    assert_int_equal(procnet_decode(&udp, line.text, &sock, NULL), -EBADMSG);
}

static void a_cookie_is_the_same_before_and_after_time_wait_and_no_other_sockets(void **state)
{
    (void)state;
    struct line open = line_of(1, 0, 0, 77);
    struct line closed = line_of(6, 3, 5999, 0);
    struct sock sock = decode(&tcp, open.text);
    assert_true(sock.cookie & SOCK_COOKIE_DERIVED);
    assert_true(decode(&tcp, closed.text).cookie == sock.cookie);
    struct line other = open;
    memcpy(strstr(other.text, "9C40"), "9C41", 4);
    assert_true(decode(&tcp, other.text).cookie == sock.cookie + 1); /* close together, as the kernel's own */
    memcpy(strstr(other.text, "1F90"), "1F91", 4);
    assert_true(decode(&tcp, other.text).cookie >> 16 != sock.cookie >> 16);
    /* With SO_REUSEPORT two listeners have one address. */
    struct line first = line_of(10, 0, 0, 8);
    struct line second = line_of(10, 0, 0, 9);
    assert_true(decode(&tcp, first.text).cookie != decode(&tcp, second.text).cookie);
}

static void assert_refused(const struct procnet_table *table, const char *text)
{
    struct sock sock;
    struct error error = {""};
    assert_int_equal(procnet_decode(table, text, &sock, &error), -EBADMSG);
    assert_non_null(strstr(error.text, table->name));
}

static void a_line_that_is_cut_short_anywhere_is_refused(void **state)
{
    (void)state;
    struct line line = line_of(1, 0, 0, 77);
    size_t needed = (size_t)(strstr(line.text, " 77 ") + strlen(" 77") - line.text);
    for (size_t length = 0; length < needed - 1; length++) {
        struct line cut = line;
        cut.text[length] = '\0';
        assert_refused(&tcp, cut.text);
    }
    line.text[needed] = '\0';
    (void)decode(&tcp, line.text);
}

static void what_is_no_line_of_the_table_is_refused(void **state)
{
    (void)state;
    struct line line = line_of(1, 0, 0, 77);
    assert_refused(&tcp6, line.text);
    assert_refused(&tcp, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid");
    struct line unknown_state = line_of(12, 0, 0, 77);
    assert_refused(&tcp, unknown_state.text);
    struct line without_timer = line_of(6, 0, 0, 0);
    assert_refused(&tcp, without_timer.text);
    struct line never_due = line_of(6, 3, UINT32_MAX, 0);
    assert_refused(&tcp, never_due.text);
    memcpy(strstr(line.text, " 77 "), " 7x ", 4);
    assert_refused(&tcp, line.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_ports_owner_and_inode_are_read),
        cmocka_unit_test(ipv6_addresses_are_read_and_v6only_is_not_known),
        cmocka_unit_test(every_tcp_state_is_known),
        cmocka_unit_test(a_timer_is_rounded_up_so_that_nothing_is_announced_too_early),
        cmocka_unit_test(a_listener_has_a_queue_without_a_known_limit),
        cmocka_unit_test(udp_has_two_states),
        cmocka_unit_test(a_cookie_is_the_same_before_and_after_time_wait_and_no_other_sockets),
        cmocka_unit_test(a_line_that_is_cut_short_anywhere_is_refused),
        cmocka_unit_test(what_is_no_line_of_the_table_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
