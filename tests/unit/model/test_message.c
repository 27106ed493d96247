#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "message_sample.h"

/* Each sign of trouble alone; numbers tell it in every language. */
static const struct message_sample signs[] = {
    {"EADDRINUSE", MESSAGE_IN_USE, ""},
    {"WSAEADDRINUSE", MESSAGE_IN_USE, ""},
    {"kind: AddrInUse", MESSAGE_IN_USE, ""},
    {"Another program is already listening on a port that one of our HTTP servers is configured to use.",
     MESSAGE_IN_USE, ""},
    {"[Errno 98] Adresse d\303\251j\303\240 utilis\303\251e", MESSAGE_IN_USE, ""},
    {"[Errno 10048] Normalmente solo se permite un uso", MESSAGE_IN_USE, ""},
    {"bind failed with error 10048", MESSAGE_IN_USE, ""},
    {"bind failed, error 98", MESSAGE_IN_USE, ""},
    {"[WinError 10048] Solo se permite un uso de cada direcci\303\263n de socket", MESSAGE_IN_USE, ""},
    {"(10048): Normalerweise darf jede Socketadresse nur einmal verwendet werden", MESSAGE_IN_USE, ""},
    {"(98: Adresse wird bereits verwendet)", MESSAGE_IN_USE, ""},
    {"Die Adresse wird bereits verwendet (os error 98)", MESSAGE_IN_USE, ""},
    {"Die Adresse wird bereits verwendet (errno=98)", MESSAGE_IN_USE, ""},
    {"EADDRNOTAVAIL", MESSAGE_NOT_AVAILABLE, ""},
    {"WSAEADDRNOTAVAIL", MESSAGE_NOT_AVAILABLE, ""},
    {"kind: AddrNotAvailable", MESSAGE_NOT_AVAILABLE, ""},
    {"Address not available", MESSAGE_NOT_AVAILABLE, ""},
    {"The requested address is not valid in its context", MESSAGE_NOT_AVAILABLE, ""},
    {"[Errno 99] ...", MESSAGE_NOT_AVAILABLE, ""},
    {"errno=99", MESSAGE_NOT_AVAILABLE, ""},
    {"os error 99", MESSAGE_NOT_AVAILABLE, ""},
    {"[WinError 10049] ...", MESSAGE_NOT_AVAILABLE, ""},
    {"SocketException (10049)", MESSAGE_NOT_AVAILABLE, ""},
    {"EACCES", MESSAGE_DENIED, ""},
    {"WSAEACCES", MESSAGE_DENIED, ""},
    {"kind: PermissionDenied", MESSAGE_DENIED, ""},
    {"bind: Operation not permitted", MESSAGE_DENIED, ""},
    {"[Errno 13] ...", MESSAGE_DENIED, ""},
    {"errno=13", MESSAGE_DENIED, ""},
    {"os error 13", MESSAGE_DENIED, ""},
    {"[WinError 10013] ...", MESSAGE_DENIED, ""},
    {"SocketException (10013)", MESSAGE_DENIED, ""},
};

/* Which of several things in a line counts. */
static const struct message_sample choices[] = {
    {"bind 0.0.0.0:80 for the backend port 8081: address in use", MESSAGE_IN_USE, "0.0.0.0:80/tcp"},
    {"tcp proxy: bind 0.0.0.0:53/udp: address in use", MESSAGE_IN_USE, "0.0.0.0:53/udp"},
    {"address in use: 0.0.0.0:53, neither UDP nor TCP", MESSAGE_IN_USE, "0.0.0.0:53/udp"},
    {"cannot bind port 22 on 0.0.0.0: in use", MESSAGE_IN_USE, "0.0.0.0:22/tcp"},
    {"in use: port 22 on ::.", MESSAGE_IN_USE, "[::]:22/tcp"},
    {"in use: port 22 on eth0", MESSAGE_IN_USE, "22/tcp"},
    {"Connection in use: ('web-1', 8000)", MESSAGE_IN_USE, "8000/tcp"},
    {"bind [2001:db8::1%eth0]:80: in use", MESSAGE_IN_USE, "80/tcp"},
    {"endpoint udp:161 is in use", MESSAGE_IN_USE, "161/udp"},
    {"could not bind IPv4 address \"127.0.0.1\": in use\nfailed to bind 0.0.0.0:80", MESSAGE_IN_USE, "0.0.0.0:80/tcp"},
    {"peer address 10.0.0.9 seen\naddress in use\nport: 80", MESSAGE_IN_USE, "80/tcp"},
};

/* No endpoint, and no trouble with one. */
static const struct message_sample nothing[] = {
    {"", MESSAGE_UNKNOWN, ""},
    {"\n\n\n", MESSAGE_UNKNOWN, ""},
    {"8080", MESSAGE_UNKNOWN, ""},
    {"hello", MESSAGE_UNKNOWN, ""},
    {"Server listening on port 8080", MESSAGE_UNKNOWN, ""},
    {"INFO:     Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)", MESSAGE_UNKNOWN, ""},
    {"dial tcp 10.0.0.5:5432: connect: connection refused", MESSAGE_UNKNOWN, ""},
    {"failed to connect to 10.0.0.5:5432: timeout, will listen later", MESSAGE_UNKNOWN, ""},
    {"the user space of a port that is reused", MESSAGE_UNKNOWN, ""},
    {"connect() to 127.0.0.1:8080 failed (13: Permission denied) while connecting to upstream", MESSAGE_UNKNOWN, ""},
    {"  syscall: 'connect',\n  address: '10.0.0.5',\n  port: 5432\n", MESSAGE_UNKNOWN, ""},
    {"  syscall: 'connect'", MESSAGE_UNKNOWN, ""},
    {"this error code 99 of line 98", MESSAGE_UNKNOWN, ""},
};

/* Numbers in a message about a trouble that are none of a port. */
static const struct message_sample no_port[] = {
    {"sshd[8080]: fatal: Address already in use", MESSAGE_IN_USE, ""},
    {"pid 8080: Address already in use", MESSAGE_IN_USE, ""},
    {"pid:8080 Address already in use", MESSAGE_IN_USE, ""},
    {"app.js:8080: Address already in use", MESSAGE_IN_USE, ""},
    {"at Server.listen (net.js:1447:7) EADDRINUSE", MESSAGE_IN_USE, ""},
    {"src/main.c:80: bind: Address already in use", MESSAGE_IN_USE, ""},
    {"line 8080: Address already in use", MESSAGE_IN_USE, ""},
    {"19:04:12 Address already in use", MESSAGE_IN_USE, ""},
    {"at 19:04 Address already in use", MESSAGE_IN_USE, ""},
    {"port 19:04:12 Address already in use", MESSAGE_IN_USE, ""},
    {"2024-01-05T19:04:12.8080Z Address already in use", MESSAGE_IN_USE, ""},
    {"2001:db8::10:80 Address already in use", MESSAGE_IN_USE, ""},
    {"fe80::80 Address already in use", MESSAGE_IN_USE, ""},
    {"::1 Address already in use", MESSAGE_IN_USE, ""},
    {"1:2:3:4:5:6:7:80 Address already in use", MESSAGE_IN_USE, ""},
    {"52:54:00:12:34:56 Address already in use", MESSAGE_IN_USE, ""},
    {"errno:98 Address already in use", MESSAGE_IN_USE, ""},
    {"errno: -98, code: 98: Address already in use", MESSAGE_IN_USE, ""},
    {"{\"errno\":98,\"fd\":4,\"file_line\":307,\"os_error\":\"Address already in use\"}", MESSAGE_IN_USE, ""},
    {"10.0.0.1 8080 Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.1:0 Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.1:65536 Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.1:080 Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.1:80th Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.256:80 Address already in use", MESSAGE_IN_USE, ""},
    {"v1.2.3.4:80 Address already in use", MESSAGE_IN_USE, ""},
    {"container nginx:80 Address already in use", MESSAGE_IN_USE, ""},
    {"port 80.5 Address already in use", MESSAGE_IN_USE, ""},
    {"port 0x50 Address already in use", MESSAGE_IN_USE, ""},
    {"airport 80, transport 90: Address already in use", MESSAGE_IN_USE, ""},
    {"sin6_port 80, port1, ports 2: Address already in use", MESSAGE_IN_USE, ""},
    {"from 10.0.0.1, 80, 81: Address already in use", MESSAGE_IN_USE, ""},
    {"('10.0.0.1', 80 retries): Address already in use", MESSAGE_IN_USE, ""},
    {"10.0.0.1]:80 Address already in use", MESSAGE_IN_USE, ""},
    {"Server.listen(3000, 128): Address already in use", MESSAGE_IN_USE, ""},
    {"service failed after 16 retries (starting from 4040): Address already in use", MESSAGE_IN_USE, ""},
    {"bind() failed: Address already in use (address-family 2)", MESSAGE_IN_USE, ""},
};

static struct message read_text(const char *text)
{
    struct message message;
    message_read(text, strlen(text), &message);
    return message;
}

static void each_sign_of_trouble_is_known(void **state)
{
    (void)state;
    message_sample_check_all(signs, MESSAGE_SAMPLE_COUNT(signs));
}

static void what_says_most_of_the_endpoint_counts(void **state)
{
    (void)state;
    message_sample_check_all(choices, MESSAGE_SAMPLE_COUNT(choices));
}

static void what_is_no_trouble_has_no_endpoint(void **state)
{
    (void)state;
    message_sample_check_all(nothing, MESSAGE_SAMPLE_COUNT(nothing));
}

static void a_number_is_a_port_only_where_the_form_says_so(void **state)
{
    (void)state;
    message_sample_check_all(no_port, MESSAGE_SAMPLE_COUNT(no_port));
}

static void letter_case_does_not_matter(void **state)
{
    (void)state;
    struct message message = read_text("LISTEN UDP LOCALHOST:53: BIND: ADDRESS ALREADY IN USE");
    assert_int_equal(message.trouble, MESSAGE_IN_USE);
    assert_true(message.has_endpoint);
    assert_int_equal(message.endpoint.protocol, PROTOCOL_UDP);
    assert_int_equal(message.endpoint.port, 53);
}

static void the_first_line_with_trouble_and_endpoint_counts(void **state)
{
    (void)state;
    const struct message_sample samples[] = {
        {"open /etc/app.key: permission denied\nlisten tcp :80: bind: address already in use\n"
         "listen tcp :81: bind: permission denied",
         MESSAGE_IN_USE, "80/tcp"},
        {"failed to bind to 0.0.0.0:70\nlisten tcp :80: bind: address already in use", MESSAGE_IN_USE, "80/tcp"},
        {"failed to bind to 0.0.0.0:70\nfailed to bind to 0.0.0.0:80\naddress already in use", MESSAGE_IN_USE,
         "0.0.0.0:70/tcp"},
        {"listening on 127.0.0.1:70\nconnected to 10.0.0.5:5432\nfailed to connect to 10.0.0.6:5432, will listen\n"
         "address already in use\nlistening on 127.0.0.1:71",
         MESSAGE_IN_USE, "127.0.0.1:70/tcp"},
        {"address already in use\r\nlistening on 127.0.0.1:71\r\nlistening on 127.0.0.1:72\r\n", MESSAGE_IN_USE,
         "127.0.0.1:71/tcp"},
    };
    message_sample_check_all(samples, MESSAGE_SAMPLE_COUNT(samples));
}

static void bytes_of_any_kind_are_no_hindrance(void **state)
{
    (void)state;
    static const char text[] = "\0\xff\xfe\x1b[31mlisten tcp :80\0: bind: address already in use\0:81";
    struct message message;
    message_read(text, sizeof(text) - 1, &message);
    assert_int_equal(message.trouble, MESSAGE_IN_USE);
    assert_true(message.has_endpoint);
    assert_int_equal(message.endpoint.port, 80);
}

static double seconds_to_read(const char *pattern, size_t length)
{
    char *text = malloc(length);
    assert_non_null(text);
    for (size_t i = 0; i < length; i++)
        text[i] = pattern[i % strlen(pattern)];
    struct timespec begin;
    struct timespec end;
    struct message message;
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin), 0);
    message_read(text, length, &message);
    assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end), 0);
    free(text);
    return (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
}

/* Of a quarter of a mebibyte: linear work takes less than a tenth of a second, quadratic work half a minute. */
static void the_work_is_linear(void **state)
{
    (void)state;
    const char *const patterns[] = {":",     ":1",       "::1:3 ",   "[:",   "]:1 ",     "',1)",
                                    "port ", "port 1x ", "address ", "(98x", "port x\n", "listen ea ::1:3x "};
    for (size_t i = 0; i < MESSAGE_SAMPLE_COUNT(patterns); i++) {
        double seconds = seconds_to_read(patterns[i], 1 << 18);
        if (seconds > 5)
            fail_msg("\"%s\" took %.1f s", patterns[i], seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sign_of_trouble_is_known),
        cmocka_unit_test(what_says_most_of_the_endpoint_counts),
        cmocka_unit_test(what_is_no_trouble_has_no_endpoint),
        cmocka_unit_test(a_number_is_a_port_only_where_the_form_says_so),
        cmocka_unit_test(letter_case_does_not_matter),
        cmocka_unit_test(the_first_line_with_trouble_and_endpoint_counts),
        cmocka_unit_test(bytes_of_any_kind_are_no_hindrance),
        cmocka_unit_test(the_work_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
