#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>

#include "client.h"
#include "serve/listen.h"

static void parse(const char *text, struct endpoint *ret_endpoint)
{
    struct error error = {""};
    if (listen_parse(text, ret_endpoint, &error) != 0)
        fail_msg("%s: %s", text, error.text);
}

static int open_text(const char *text, struct endpoint *ret_bound)
{
    struct endpoint endpoint = {0};
    struct error error = {""};
    int fd = -1;
    parse(text, &endpoint);
    if (listen_open(&endpoint, &fd, ret_bound, &error) != 0)
        fail_msg("%s: %s", text, error.text);
    return fd;
}

static bool connects_to_ipv6(uint16_t port)
{
    cleanup(cleanup_close) int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in6 address = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    return fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

static bool connects_to_ipv4(uint16_t port)
{
    cleanup(cleanup_close) int fd = client_socket(0);
    return client_connect(fd, port) == 0;
}

/* Without SO_REUSEADDR. */
static int bind_plainly(int fd, uint16_t port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return bind(fd, (const struct sockaddr *)&address, sizeof(address));
}

static bool has_ipv6(void)
{
    cleanup(cleanup_close) int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const struct sockaddr_in6 loopback = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    return fd >= 0 && bind(fd, (const struct sockaddr *)&loopback, sizeof(loopback)) == 0;
}

static void every_form_of_an_address_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *shown;
        bool any;
    } cases[] = {
        {"127.0.0.1:10098", "127.0.0.1:10098/tcp", false},
        {"0.0.0.0:10098", "0.0.0.0:10098/tcp", false},
        {"[::1]:10098", "[::1]:10098/tcp", false},
        {"[::]:65535", "[::]:65535/tcp", false},
        {"[::ffff:127.0.0.1]:80", "127.0.0.1:80/tcp", false},
        {":10098", "10098/tcp", true},
        {"*:10098", "10098/tcp", true},
        {":0", "0/tcp", true},
        {"127.0.0.1:0", "127.0.0.1:0/tcp", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct endpoint endpoint = {0};
        char shown[ENDPOINT_TEXT_MAX];
        parse(cases[i].text, &endpoint);
        endpoint_format(&endpoint, shown);
        assert_string_equal(shown, cases[i].shown);
        assert_int_equal(endpoint.any_address, cases[i].any);
        assert_int_equal(endpoint.protocol, PROTOCOL_TCP);
    }
}

static void anything_else_is_refused_and_the_right_form_is_shown(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "10098",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:65536",
        "127.0.0.1:-1",
        "127.0.0.1:8x",
        "::1:80",
        "[::1]",
        "[::1]80",
        "[::1:80",
        "localhost:80",
        "127.0.0:80",
        "udp:53",
        "tcp::80",
        "tcp:80",
        "8080/tcp",
        "tcp:127.0.0.1:80",
        ":8000-8010",
        "[fe80::1]:80",
        " :80",
        "**:80",
        "[:::]:80",
        "300.1.1.1:80",
        "http://localhost:80",
        "a-name-so-long-that-no-address-has-as-many-characters-as-this-one-has.example.org:80",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct endpoint endpoint = {0};
        struct error error = {""};
        if (listen_parse(texts[i], &endpoint, &error) != -EINVAL)
            fail_msg("accepted: %s", texts[i]);
        if (strstr(error.text, "127.0.0.1:") == NULL && strstr(error.text, "[::1]:") == NULL)
            fail_msg("%s: shows no right form: %s", texts[i], error.text);
    }
}

static void port_zero_gets_a_free_port(void **state)
{
    (void)state;
    struct endpoint bound = {0};
    cleanup(cleanup_close) int fd = open_text("127.0.0.1:0", &bound);
    assert_int_not_equal(bound.port, 0);
    assert_true(connects_to_ipv4(bound.port));
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

static void all_addresses_are_both_families(void **state)
{
    (void)state;
    static const char *const texts[] = {":0", "*:0", "[::]:0"};
    if (!has_ipv6())
        skip();
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct endpoint bound = {0};
        cleanup(cleanup_close) int fd = open_text(texts[i], &bound);
        assert_true(fd >= 0);
        assert_true(connects_to_ipv4(bound.port));
        assert_true(connects_to_ipv6(bound.port));
    }
}

static void one_address_is_one_family(void **state)
{
    (void)state;
    if (!has_ipv6())
        skip();
    struct endpoint bound = {0};
    cleanup(cleanup_close) int wildcard = open_text("0.0.0.0:0", &bound);
    assert_true(wildcard >= 0);
    assert_true(connects_to_ipv4(bound.port));
    assert_false(connects_to_ipv6(bound.port));
    cleanup(cleanup_close) int loopback = open_text("[::1]:0", &bound);
    assert_true(loopback >= 0);
    assert_true(connects_to_ipv6(bound.port));
    assert_false(connects_to_ipv4(bound.port));
}

static void a_port_that_another_listens_on_is_told_by_errno_and_name(void **state)
{
    (void)state;
    struct endpoint bound = {0};
    cleanup(cleanup_close) int first = open_text("127.0.0.1:0", &bound);
    assert_true(first >= 0);
    struct error error = {""};
    struct endpoint untouched = {0};
    int second = -1;
    assert_int_equal(listen_open(&bound, &second, &untouched, &error), -EADDRINUSE);
    assert_int_equal(second, -1);
    assert_int_equal(untouched.port, 0);
    char name[ENDPOINT_TEXT_MAX];
    endpoint_format(&bound, name);
    assert_non_null(strstr(error.text, name));
    assert_non_null(strstr(error.text, "Address already in use"));
}

static void an_address_of_another_host_is_told(void **state)
{
    (void)state;
    struct endpoint endpoint = {0};
    struct endpoint bound = {0};
    struct error error = {""};
    int fd = -1;
    parse("192.0.2.1:0", &endpoint);
    assert_int_equal(listen_open(&endpoint, &fd, &bound, &error), -EADDRNOTAVAIL);
}

static void connections_in_time_wait_do_not_keep_the_port(void **state)
{
    (void)state;
    struct endpoint bound = {0};
    cleanup(cleanup_close) int listener = open_text("127.0.0.1:0", &bound);
    cleanup(cleanup_close) int client = client_open(bound.port);
    int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    assert_true(server >= 0);
    /* The side that closes first gets the TIME_WAIT, once the other has closed as well. */
    assert_return_code(close(server), errno);
    char byte = 0;
    assert_int_equal(recv(client, &byte, 1, 0), 0);
    cleanup_close(&client);
    cleanup_close(&listener);
    client = -1;
    listener = -1;

    cleanup(cleanup_close) int plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind_plainly(plain, bound.port), -1);
    assert_int_equal(errno, EADDRINUSE);
    struct endpoint again = {0};
    struct error error = {""};
    assert_int_equal(listen_open(&bound, &listener, &again, &error), 0);
    assert_int_equal(again.port, bound.port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_an_address_is_read),
        cmocka_unit_test(anything_else_is_refused_and_the_right_form_is_shown),
        cmocka_unit_test(port_zero_gets_a_free_port),
        cmocka_unit_test(all_addresses_are_both_families),
        cmocka_unit_test(one_address_is_one_family),
        cmocka_unit_test(a_port_that_another_listens_on_is_told_by_errno_and_name),
        cmocka_unit_test(an_address_of_another_host_is_told),
        cmocka_unit_test(connections_in_time_wait_do_not_keep_the_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
