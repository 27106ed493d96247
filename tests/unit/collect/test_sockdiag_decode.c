#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "diag_message.h"
#include "sockdiag_decode.h"

/* Numbers of include/net/tcp_states.h. */
enum { ESTABLISHED = 1, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN };

#define TIMER_TIME_WAIT 3

/* 127.0.0.1:8080 to 10.1.2.3:40000, held by a process. */
static struct inet_diag_msg ipv4_socket(uint8_t state)
{
    struct inet_diag_msg socket = {.idiag_family = AF_INET, .idiag_state = state, .idiag_inode = 77, .idiag_uid = 1000};
    socket.id.idiag_sport = htons(8080);
    socket.id.idiag_dport = htons(40000);
    socket.id.idiag_src[0] = htonl(0x7f000001);
    socket.id.idiag_dst[0] = htonl(0x0a010203);
    return socket;
}

static struct inet_diag_msg ipv6_socket(uint8_t state, const char *local)
{
    struct inet_diag_msg socket = ipv4_socket(state);
    socket.idiag_family = AF_INET6;
    assert_int_equal(inet_pton(AF_INET6, local, socket.id.idiag_src), 1);
    assert_int_equal(inet_pton(AF_INET6, "2001:db8::7", socket.id.idiag_dst), 1);
    return socket;
}

/* Decodes a copy of exactly this length, one byte off any alignment: a sanitizer sees each byte read too many. */
static int decode_bytes(const uint8_t *bytes, size_t length, enum protocol protocol, struct sock *ret_sock)
{
    uint8_t *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy + 1, bytes, length);
    struct error error;
    int result = sockdiag_decode(copy + 1, length, protocol, ret_sock, &error);
    free(copy);
    return result;
}

static struct sock decode(const struct inet_diag_msg *socket, enum protocol protocol)
{
    struct diag_message message = {0};
    struct sock sock;
    diag_message_socket(&message, socket);
    assert_int_equal(decode_bytes(message.bytes, message.length, protocol, &sock), 0);
    return sock;
}

static struct sock decode_with(const struct inet_diag_msg *socket, uint16_t type, const void *attribute, size_t length)
{
    struct diag_message message = {0};
    struct sock sock;
    diag_message_socket(&message, socket);
    diag_message_attribute(&message, INET_DIAG_MARK, "\1\2\3", 4);
    diag_message_attribute(&message, type, attribute, length);
    diag_message_attribute(&message, INET_DIAG_SHUTDOWN, "", 1);
    assert_int_equal(decode_bytes(message.bytes, message.length, PROTOCOL_TCP, &sock), 0);
    return sock;
}

static void addresses_ports_and_identity_are_read(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv4_socket(ESTABLISHED);
    socket.id.idiag_if = 3;
    socket.id.idiag_cookie[0] = 0x89abcdef;
    socket.id.idiag_cookie[1] = 0x01234567;
    struct sock sock = decode(&socket, PROTOCOL_TCP);

    char local[ADDRESS_TEXT_MAX];
    char remote[ADDRESS_TEXT_MAX];
    address_format(&sock.local, local);
    address_format(&sock.remote, remote);
    assert_string_equal(local, "127.0.0.1");
    assert_string_equal(remote, "10.1.2.3");
    assert_int_equal(sock.family, FAMILY_IPV4);
    assert_int_equal(sock.local_port, 8080);
    assert_int_equal(sock.remote_port, 40000);
    assert_int_equal(sock.interface, 3);
    assert_int_equal(sock.inode, 77);
    assert_int_equal(sock.uid, 1000);
    assert_true(sock.cookie == UINT64_C(0x0123456789abcdef));
}

static void an_ipv4_address_leaves_the_other_bytes_zero(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv4_socket(ESTABLISHED);
    socket.id.idiag_src[1] = UINT32_MAX;
    struct sock sock = decode(&socket, PROTOCOL_TCP);
    const struct address expected = {.family = FAMILY_IPV4, .bytes = {127, 0, 0, 1}};
    assert_memory_equal(&sock.local, &expected, sizeof(expected));
}

static void every_tcp_state_is_known(void **state)
{
    (void)state;
    static const enum sock_state expected[] = {
        SOCK_ESTABLISHED,    SOCK_SYN_SENT,   SOCK_SYN_RECV, SOCK_FIN_WAIT1, SOCK_FIN_WAIT2, SOCK_TIME_WAIT,
        SOCK_BOUND_INACTIVE, SOCK_CLOSE_WAIT, SOCK_LAST_ACK, SOCK_LISTEN,    SOCK_CLOSING,
    };
    for (uint8_t i = 0; i < sizeof(expected) / sizeof(*expected); i++) {
        struct inet_diag_msg socket = ipv4_socket((uint8_t)(i + 1));
        assert_int_equal(decode(&socket, PROTOCOL_TCP).state, expected[i]);
    }
}

static void a_udp_socket_is_connected_or_not(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv4_socket(CLOSE);
    assert_int_equal(decode(&socket, PROTOCOL_UDP).state, SOCK_CLOSE);
    socket.idiag_state = ESTABLISHED;
    assert_int_equal(decode(&socket, PROTOCOL_UDP).state, SOCK_ESTABLISHED);
    assert_int_equal(decode(&socket, PROTOCOL_UDP).direction, DIRECTION_UNKNOWN);
}

static void a_state_that_is_not_known_is_refused(void **state)
{
    (void)state;
    static const struct {
        enum protocol protocol;
        uint8_t number;
    } cases[] = {
        {PROTOCOL_TCP, 0},   {PROTOCOL_TCP, 12},        {PROTOCOL_TCP, 13},
        {PROTOCOL_TCP, 255}, {PROTOCOL_UDP, TIME_WAIT}, {PROTOCOL_UDP, LISTEN},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct inet_diag_msg socket = ipv4_socket(cases[i].number);
        struct diag_message message = {0};
        struct sock sock;
        diag_message_socket(&message, &socket);
        assert_int_equal(decode_bytes(message.bytes, message.length, cases[i].protocol, &sock), -EBADMSG);
    }
}

static void a_refusal_says_what_was_not_known(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv4_socket(14);
    struct diag_message message = {0};
    struct sock sock;
    struct error error = {0};
    diag_message_socket(&message, &socket);
    assert_int_equal(sockdiag_decode(message.bytes, message.length, PROTOCOL_TCP, &sock, &error), -EBADMSG);
    assert_non_null(strstr(error.text, "tcp"));
    assert_non_null(strstr(error.text, "state 14"));
}

static void a_family_that_is_not_known_is_refused(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv4_socket(LISTEN);
    socket.idiag_family = AF_UNIX;
    struct diag_message message = {0};
    struct sock sock;
    diag_message_socket(&message, &socket);
    assert_int_equal(decode_bytes(message.bytes, message.length, PROTOCOL_TCP, &sock), -EBADMSG);
}

static void a_listener_shows_its_accept_queue(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv4_socket(LISTEN);
    socket.idiag_rqueue = 5;
    socket.idiag_wqueue = 128;
    assert_int_equal(decode(&socket, PROTOCOL_TCP).queue_length, 5);
    assert_int_equal(decode(&socket, PROTOCOL_TCP).queue_limit, 128);
    /* Elsewhere the same fields count bytes. */
    socket.idiag_state = ESTABLISHED;
    assert_int_equal(decode(&socket, PROTOCOL_TCP).queue_length, 0);
    assert_int_equal(decode(&socket, PROTOCOL_TCP).queue_limit, 0);
}

static void a_time_wait_is_a_minisocket_with_its_time_left(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv4_socket(TIME_WAIT);
    socket.idiag_timer = TIMER_TIME_WAIT;
    socket.idiag_expires = 41700;
    struct sock sock = decode(&socket, PROTOCOL_TCP);
    assert_true(sock.minisocket);
    assert_int_equal(sock.remaining_ms, 41700);
    assert_int_equal(sock.direction, DIRECTION_UNKNOWN);
}

static void a_fin_wait2_is_a_minisocket_only_with_the_timer_of_one(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv4_socket(FIN_WAIT2);
    socket.idiag_expires = 30000;
    socket.idiag_timer = TIMER_TIME_WAIT;
    assert_true(decode(&socket, PROTOCOL_TCP).minisocket);
    assert_int_equal(decode(&socket, PROTOCOL_TCP).remaining_ms, 30000);
    socket.idiag_timer = 2; /* keepalive, of a whole socket */
    assert_false(decode(&socket, PROTOCOL_TCP).minisocket);
    assert_int_equal(decode(&socket, PROTOCOL_TCP).remaining_ms, 0);
}

static void the_timer_of_a_live_socket_is_no_time_left(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv4_socket(FIN_WAIT1);
    socket.idiag_timer = 1;
    socket.idiag_expires = 200;
    assert_int_equal(decode(&socket, PROTOCOL_TCP).remaining_ms, 0);
}

static void v6only_comes_from_the_attribute(void **state)
{
    (void)state;
    const uint8_t yes = 1;
    const uint8_t no = 0;
    struct inet_diag_msg socket = ipv6_socket(LISTEN, "::");
    assert_int_equal(decode_with(&socket, INET_DIAG_SKV6ONLY, &yes, 1).v6only, V6ONLY_YES);
    assert_int_equal(decode_with(&socket, INET_DIAG_SKV6ONLY, &no, 1).v6only, V6ONLY_NO);
    assert_int_equal(decode(&socket, PROTOCOL_TCP).v6only, V6ONLY_UNKNOWN);
}

static void a_socket_that_speaks_ipv4_is_not_v6only(void **state)
{
    (void)state;
    struct inet_diag_msg ipv4 = ipv4_socket(ESTABLISHED);
    struct inet_diag_msg mapped = ipv6_socket(ESTABLISHED, "::ffff:127.0.0.1");
    assert_int_equal(decode(&ipv4, PROTOCOL_TCP).v6only, V6ONLY_NO);
    assert_int_equal(decode(&mapped, PROTOCOL_TCP).v6only, V6ONLY_NO);
    assert_int_equal(decode(&mapped, PROTOCOL_TCP).family, FAMILY_IPV6);
}

static void the_state_may_tell_who_opened_it(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv4_socket(SYN_SENT);
    assert_int_equal(decode(&socket, PROTOCOL_TCP).direction, DIRECTION_OUTBOUND);
    socket.idiag_state = SYN_RECV;
    assert_int_equal(decode(&socket, PROTOCOL_TCP).direction, DIRECTION_INBOUND);
    socket.idiag_state = LISTEN;
    assert_int_equal(decode(&socket, PROTOCOL_TCP).direction, DIRECTION_UNKNOWN);
}

static void a_connection_that_waits_for_accept_is_inbound(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv4_socket(ESTABLISHED);
    assert_int_equal(decode(&socket, PROTOCOL_TCP).direction, DIRECTION_UNKNOWN);
    socket.idiag_inode = 0;
    assert_int_equal(decode(&socket, PROTOCOL_TCP).direction, DIRECTION_INBOUND);
    socket.idiag_state = CLOSE_WAIT;
    assert_int_equal(decode(&socket, PROTOCOL_TCP).direction, DIRECTION_INBOUND);
    socket.idiag_state = LAST_ACK; /* has no process either, but was closed by one */
    assert_int_equal(decode(&socket, PROTOCOL_TCP).direction, DIRECTION_UNKNOWN);
}

static void the_byte_counts_tell_who_opened_it(void **state)
{
    (void)state;
    static const struct {
        uint64_t acked;
        uint64_t sent;
        uint64_t retransmitted;
        uint32_t unacked;
        enum direction expected;
    } cases[] = {
        {0, 0, 0, 0, DIRECTION_INBOUND},          {1, 0, 0, 0, DIRECTION_OUTBOUND},
        {100, 100, 0, 0, DIRECTION_INBOUND},      {101, 100, 0, 0, DIRECTION_OUTBOUND},
        {100, 130, 30, 0, DIRECTION_INBOUND},     {101, 130, 30, 0, DIRECTION_OUTBOUND},
        {50, 100, 0, 1, DIRECTION_UNKNOWN},       {101, 100, 0, 1, DIRECTION_UNKNOWN},
        {102, 100, 0, 0, DIRECTION_UNKNOWN},      {99, 100, 0, 0, DIRECTION_UNKNOWN},
        {0, 0, UINT64_MAX, 0, DIRECTION_UNKNOWN},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct tcp_info info = {
            .tcpi_bytes_acked = cases[i].acked,
            .tcpi_bytes_sent = cases[i].sent,
            .tcpi_bytes_retrans = cases[i].retransmitted,
            .tcpi_unacked = cases[i].unacked,
        };
        struct inet_diag_msg socket = ipv4_socket(i % 2 == 0 ? ESTABLISHED : CLOSE_WAIT);
        assert_int_equal(decode_with(&socket, INET_DIAG_INFO, &info, sizeof(info)).direction, cases[i].expected);
        socket.idiag_state = FIN_WAIT2; /* an own FIN was acknowledged as well */
        assert_int_equal(decode_with(&socket, INET_DIAG_INFO, &info, sizeof(info)).direction, DIRECTION_UNKNOWN);
    }
}

static void a_tcp_info_of_any_length_is_fine(void **state)
{
    (void)state;
    uint8_t info[512] = {0};
    const uint64_t acked = 1;
    memcpy(info + offsetof(struct tcp_info, tcpi_bytes_acked), &acked, sizeof(acked));
    const size_t enough = offsetof(struct tcp_info, tcpi_bytes_retrans) + sizeof(uint64_t);
    struct inet_diag_msg socket = ipv4_socket(ESTABLISHED);
    for (size_t length = 0; length <= sizeof(info); length += 4) {
        enum direction expected = length >= enough ? DIRECTION_OUTBOUND : DIRECTION_UNKNOWN;
        assert_int_equal(decode_with(&socket, INET_DIAG_INFO, info, length).direction, expected);
    }
}

static void a_message_cut_anywhere_but_between_attributes_is_refused(void **state)
{
    (void)state;
    const uint8_t yes = 1;
    struct inet_diag_msg socket = ipv6_socket(LISTEN, "::1");
    struct diag_message message = {0};
    diag_message_socket(&message, &socket);
    size_t bare = message.length;
    diag_message_attribute(&message, INET_DIAG_SKV6ONLY, &yes, 1);
    size_t unpadded = bare + sizeof(struct nlattr) + 1;
    for (size_t length = 0; length <= message.length; length++) {
        struct sock sock;
        int expected = length == bare || length >= unpadded ? 0 : -EBADMSG;
        assert_int_equal(decode_bytes(message.bytes, length, PROTOCOL_TCP, &sock), expected);
    }
}

static void an_attribute_with_an_impossible_length_is_refused(void **state)
{
    (void)state;
    static const uint16_t lengths[] = {0, 1, 3, 9, 0x7fff, 0x8000, 0xfffd, 0xffff};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        struct inet_diag_msg socket = ipv4_socket(ESTABLISHED);
        struct diag_message message = {0};
        struct sock sock;
        diag_message_socket(&message, &socket);
        const struct nlattr attribute = {.nla_len = lengths[i], .nla_type = INET_DIAG_INFO};
        diag_message_append(&message, &attribute, sizeof(attribute));
        diag_message_append(&message, "\0\0\0", 4);
        assert_int_equal(decode_bytes(message.bytes, message.length, PROTOCOL_TCP, &sock), -EBADMSG);
    }
}

static void an_empty_v6only_attribute_is_refused(void **state)
{
    (void)state;
    struct inet_diag_msg socket = ipv6_socket(LISTEN, "::");
    struct diag_message message = {0};
    struct sock sock;
    diag_message_socket(&message, &socket);
    diag_message_attribute(&message, INET_DIAG_SKV6ONLY, "", 0);
    assert_int_equal(decode_bytes(message.bytes, message.length, PROTOCOL_TCP, &sock), -EBADMSG);
}

static void nothing_is_written_when_it_is_refused(void **state)
{
    (void)state;
    struct sock sock;
    struct sock untouched;
    memset(&sock, 0x5a, sizeof(sock));
    memset(&untouched, 0x5a, sizeof(untouched));
    assert_int_equal(decode_bytes((const uint8_t *)"", 0, PROTOCOL_TCP, &sock), -EBADMSG);
    assert_memory_equal(&sock, &untouched, sizeof(sock));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_ports_and_identity_are_read),
        cmocka_unit_test(an_ipv4_address_leaves_the_other_bytes_zero),
        cmocka_unit_test(every_tcp_state_is_known),
        cmocka_unit_test(a_udp_socket_is_connected_or_not),
        cmocka_unit_test(a_state_that_is_not_known_is_refused),
        cmocka_unit_test(a_refusal_says_what_was_not_known),
        cmocka_unit_test(a_family_that_is_not_known_is_refused),
        cmocka_unit_test(a_listener_shows_its_accept_queue),
        cmocka_unit_test(a_time_wait_is_a_minisocket_with_its_time_left),
        cmocka_unit_test(a_fin_wait2_is_a_minisocket_only_with_the_timer_of_one),
        cmocka_unit_test(the_timer_of_a_live_socket_is_no_time_left),
        cmocka_unit_test(v6only_comes_from_the_attribute),
        cmocka_unit_test(a_socket_that_speaks_ipv4_is_not_v6only),
        cmocka_unit_test(the_state_may_tell_who_opened_it),
        cmocka_unit_test(a_connection_that_waits_for_accept_is_inbound),
        cmocka_unit_test(the_byte_counts_tell_who_opened_it),
        cmocka_unit_test(a_tcp_info_of_any_length_is_fine),
        cmocka_unit_test(a_message_cut_anywhere_but_between_attributes_is_refused),
        cmocka_unit_test(an_attribute_with_an_impossible_length_is_refused),
        cmocka_unit_test(an_empty_v6only_attribute_is_refused),
        cmocka_unit_test(nothing_is_written_when_it_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
