#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "httphead.h"

#define BODY_MAX 1000
#define STATUS "HTTP/1.1 200 OK\r\n"

static int read_text(const char *text, struct httphead *ret_head)
{
    return httphead_read(text, strlen(text), BODY_MAX, ret_head);
}

static void an_answer_tells_its_status_and_where_its_body_is(void **state)
{
    (void)state;
    static const char *const good[] = {
        STATUS "Content-Length: 6\r\n\r\nready\n",
        STATUS "Date: now\r\ncontent-length:6\r\nX: a:b\r\n\r\nready\n",
        "HTTP/1.0 200\r\nCONTENT-LENGTH: \t6\r\n\r\nready\n",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct httphead head = {0};
        assert_int_equal(read_text(good[i], &head), 0);
        assert_int_equal(head.status, 200);
        assert_int_equal(head.body_length, 6);
        assert_string_equal(good[i] + head.length, "ready\n");
    }
}

static void every_beginning_of_a_head_is_waited_on(void **state)
{
    (void)state;
    static const char whole[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
    for (size_t length = 0; length < strlen(whole); length++) {
        cleanup(cleanup_free) char *part = length > 0 ? strndup(whole, length) : NULL;
        struct httphead head = {.status = 7};
        assert_int_equal(httphead_read(part, length, BODY_MAX, &head), -EAGAIN);
        assert_int_equal(head.status, 7);
    }
    struct httphead head = {0};
    assert_int_equal(read_text(whole, &head), 0);
    assert_int_equal(head.status, 503);
    assert_int_equal(head.length, strlen(whole));
}

static void what_is_no_answer_of_a_known_length_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        STATUS "\r\n",
        STATUS "Content-Length: 6\r\nContent-Length: 6\r\n\r\n",
        STATUS "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n",
        STATUS "Transfer-Encoding: chunked\r\n\r\n",
        STATUS "Content-Length: \r\n\r\n",
        STATUS "Content-Length: -1\r\n\r\n",
        STATUS "Content-Length: 6 \r\n\r\n",
        STATUS "Content-Length: 1001\r\n\r\n",
        STATUS "Content-Length: 99999999999999999999999999\r\n\r\n",
        STATUS "Content-Length : 6\r\n\r\n",
        STATUS "no colon\r\nContent-Length: 6\r\n\r\n",
        STATUS "Content-Length: 6\n\r\n\r\n",
        STATUS "Content-Length: 6\r\rX: y\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct httphead head = {.status = 7};
        if (read_text(bad[i], &head) != -EPROTO)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(head.status, 7);
    }
}

static void a_nul_byte_in_the_head_is_refused_and_in_the_body_is_not_looked_at(void **state)
{
    (void)state;
    static const char in_head[] = STATUS "Content-Length: 1\r\nX: \0\r\n\r\n";
    static const char in_body[] = STATUS "Content-Length: 1\r\n\r\n\0";
    struct httphead head = {0};
    assert_int_equal(httphead_read(in_head, sizeof(in_head) - 1, BODY_MAX, &head), -EPROTO);
    assert_int_equal(httphead_read(in_body, sizeof(in_body) - 1, BODY_MAX, &head), 0);
    assert_int_equal(head.body_length, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_tells_its_status_and_where_its_body_is),
        cmocka_unit_test(every_beginning_of_a_head_is_waited_on),
        cmocka_unit_test(what_is_no_answer_of_a_known_length_is_refused),
        cmocka_unit_test(a_nul_byte_in_the_head_is_refused_and_in_the_body_is_not_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
