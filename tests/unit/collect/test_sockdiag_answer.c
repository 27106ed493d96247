#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "diag_message.h"
#include "sockdiag_answer.h"

#define SEQUENCE 1

/* What visit saw, and when it shall fail. */
struct visits {
    size_t count;
    size_t fail_at; /* 0: never */
    enum sock_state last;
};

static int visit(void *context, const struct sock *sock)
{
    struct visits *visits = context;
    visits->count++;
    visits->last = sock->state;
    return visits->count == visits->fail_at ? -ENOMEM : 0;
}

/* Reads a copy of exactly this length, one byte off any alignment. */
static int read_bytes(const uint8_t *bytes, size_t length, struct visits *visits, bool *ret_done, struct error *error)
{
    uint8_t *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy + 1, bytes, length);
    const struct sockdiag_answer answer = {PROTOCOL_TCP, SEQUENCE, visit, visits};
    int result = sockdiag_answer_read(&answer, copy + 1, length, ret_done, error);
    free(copy);
    return result;
}

static int read_message(const struct diag_message *message, struct visits *visits, bool *ret_done, struct error *error)
{
    return read_bytes(message->bytes, message->length, visits, ret_done, error);
}

static void add_socket(struct diag_message *message, uint8_t state)
{
    const struct inet_diag_msg socket = {.idiag_family = AF_INET, .idiag_state = state};
    diag_message_socket(message, &socket);
}

static void add_status(struct diag_message *message, uint16_t type, int32_t status)
{
    diag_message_begin(message, type, NLM_F_MULTI, SEQUENCE);
    diag_message_append(message, &status, sizeof(status));
}

/* The result of an answer that holds this status alone. */
static int read_status(uint16_t type, int32_t status, struct error *error)
{
    struct diag_message message = {0};
    struct visits visits = {0};
    bool done = false;
    add_status(&message, type, status);
    int result = read_message(&message, &visits, &done, error);
    assert_int_equal(done, result == 0);
    return result;
}

static void every_socket_is_visited(void **state)
{
    (void)state;
    struct diag_message message = {0};
    struct visits visits = {0};
    bool done = true;
    add_socket(&message, 1);
    add_socket(&message, 8);
    add_socket(&message, 10);
    assert_int_equal(read_message(&message, &visits, &done, NULL), 0);
    assert_int_equal(visits.count, 3);
    assert_int_equal(visits.last, SOCK_LISTEN);
    assert_false(done);
}

static void only_the_end_message_ends_a_dump(void **state)
{
    (void)state;
    struct diag_message message = {0};
    struct visits visits = {0};
    bool done = false;
    add_socket(&message, 1);
    add_status(&message, NLMSG_DONE, 0);
    assert_int_equal(read_message(&message, &visits, &done, NULL), 0);
    assert_int_equal(visits.count, 1);
    assert_true(done);

    done = true;
    assert_int_equal(read_bytes((const uint8_t *)"", 0, &visits, &done, NULL), 0);
    assert_false(done);
}

static void what_follows_the_end_is_not_read(void **state)
{
    (void)state;
    struct diag_message message = {0};
    struct visits visits = {0};
    bool done = false;
    add_status(&message, NLMSG_DONE, 0);
    add_socket(&message, 1);
    assert_int_equal(read_message(&message, &visits, &done, NULL), 0);
    assert_int_equal(visits.count, 0);
    assert_true(done);
}

static void a_dump_that_ends_with_an_error_failed(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(read_status(NLMSG_DONE, -ENOENT, &error), -ENOENT);
    assert_non_null(strstr(error.text, "No such file or directory"));
}

static void a_refused_request_gives_the_errno_of_the_kernel(void **state)
{
    (void)state;
    assert_int_equal(read_status(NLMSG_ERROR, -EBUSY, NULL), -EBUSY);
    assert_int_equal(read_status(NLMSG_ERROR, -EPERM, NULL), -EPERM);
}

static void a_status_that_is_no_errno_is_malformed(void **state)
{
    (void)state;
    assert_int_equal(read_status(NLMSG_ERROR, 0, NULL), -EBADMSG);
    assert_int_equal(read_status(NLMSG_ERROR, 5, NULL), -EBADMSG);
    assert_int_equal(read_status(NLMSG_DONE, 5, NULL), -EBADMSG);
    assert_int_equal(read_status(NLMSG_DONE, INT32_MIN, NULL), -EBADMSG);
}

static void an_end_without_a_status_is_malformed(void **state)
{
    (void)state;
    struct diag_message message = {0};
    struct visits visits = {0};
    bool done = false;
    diag_message_begin(&message, NLMSG_DONE, NLM_F_MULTI, SEQUENCE);
    assert_int_equal(read_message(&message, &visits, &done, NULL), -EBADMSG);
    assert_false(done);
}

static void an_interrupted_dump_failed(void **state)
{
    (void)state;
    static const uint16_t types[] = {SOCK_DIAG_BY_FAMILY, NLMSG_DONE};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        struct diag_message message = {0};
        struct visits visits = {0};
        struct error error = {0};
        bool done = false;
        diag_message_begin(&message, types[i], NLM_F_MULTI | NLM_F_DUMP_INTR, SEQUENCE);
        diag_message_append(&message, "\0\0\0", 4);
        assert_int_equal(read_message(&message, &visits, &done, &error), -EINTR);
        assert_non_null(strstr(error.text, "the dump was interrupted"));
        assert_int_equal(visits.count, 0);
        assert_false(done);
    }
}

static void an_overrun_failed(void **state)
{
    (void)state;
    assert_int_equal(read_status(NLMSG_OVERRUN, 0, NULL), -ENOBUFS);
}

static void an_answer_to_another_request_is_refused(void **state)
{
    (void)state;
    struct diag_message message = {0};
    struct visits visits = {0};
    bool done = false;
    diag_message_begin(&message, NLMSG_DONE, NLM_F_MULTI, SEQUENCE + 1);
    diag_message_append(&message, "\0\0\0", 4);
    assert_int_equal(read_message(&message, &visits, &done, NULL), -EBADMSG);
}

static void an_empty_message_is_passed_over_and_an_unknown_one_refused(void **state)
{
    (void)state;
    struct diag_message message = {0};
    struct visits visits = {0};
    bool done = false;
    diag_message_begin(&message, NLMSG_NOOP, 0, SEQUENCE);
    add_socket(&message, 1);
    assert_int_equal(read_message(&message, &visits, &done, NULL), 0);
    assert_int_equal(visits.count, 1);
    diag_message_begin(&message, 99, 0, SEQUENCE);
    assert_int_equal(read_message(&message, &visits, &done, NULL), -EBADMSG);
}

static void a_visit_that_fails_ends_the_answer(void **state)
{
    (void)state;
    struct diag_message message = {0};
    struct visits visits = {.fail_at = 2};
    bool done = false;
    add_socket(&message, 1);
    add_socket(&message, 1);
    add_socket(&message, 1);
    add_status(&message, NLMSG_DONE, 0);
    assert_int_equal(read_message(&message, &visits, &done, NULL), -ENOMEM);
    assert_int_equal(visits.count, 2);
    assert_false(done);
}

/* Lengths on which libmnl 1.0.4 loops for ever or reads far beyond the buffer are among them. */
static void a_message_of_an_impossible_length_is_refused(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {0, 1, 15, 93, 0x7fffffff, 0x80000000, 0xc2c2c20a, 0xfffffffd, 0xffffffff};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        struct diag_message message = {0};
        struct visits visits = {0};
        bool done = false;
        add_socket(&message, 1);
        memcpy(message.bytes, &lengths[i], sizeof(lengths[i]));
        assert_int_equal(read_message(&message, &visits, &done, NULL), -EBADMSG);
        assert_int_equal(visits.count, 0);
    }
}

/* Such a message would be passed over, by no byte at all. */
static void an_empty_message_shorter_than_its_header_is_refused(void **state)
{
    (void)state;
    for (uint32_t length = 0; length < NLMSG_HDRLEN; length++) {
        struct diag_message message = {0};
        struct visits visits = {0};
        bool done = false;
        diag_message_begin(&message, NLMSG_NOOP, 0, SEQUENCE);
        memcpy(message.bytes, &length, sizeof(length));
        assert_int_equal(read_message(&message, &visits, &done, NULL), -EBADMSG);
    }
}

static void an_answer_cut_short_never_counts_as_whole(void **state)
{
    (void)state;
    struct diag_message message = {0};
    add_socket(&message, 1);
    size_t first = message.length;
    add_socket(&message, 1);
    size_t second = message.length;
    add_status(&message, NLMSG_DONE, 0);
    for (size_t length = 0; length < message.length; length++) {
        struct visits visits = {0};
        bool done = false;
        bool whole_messages = length == 0 || length == first || length == second;
        assert_int_equal(read_bytes(message.bytes, length, &visits, &done, NULL), whole_messages ? 0 : -EBADMSG);
        assert_int_equal(visits.count, length >= second ? 2 : length >= first ? 1 : 0);
        assert_false(done);
    }
}

static void the_last_message_needs_no_padding(void **state)
{
    (void)state;
    struct diag_message message = {0};
    struct visits visits = {0};
    bool done = false;
    add_socket(&message, 1);
    diag_message_attribute(&message, INET_DIAG_SHUTDOWN, "\3", 1);
    assert_int_equal(read_bytes(message.bytes, message.length - 3, &visits, &done, NULL), 0);
    assert_int_equal(visits.count, 1);
}

/* Any damage to an answer is either harmless or refused; a sanitizer watches that no byte beyond it is read. */
static void damaged_answers_are_safe_to_read(void **state)
{
    (void)state;
    struct diag_message message = {0};
    add_socket(&message, 1);
    diag_message_attribute(&message, INET_DIAG_INFO, (const uint8_t[248]){0}, 248);
    add_socket(&message, 10);
    diag_message_attribute(&message, INET_DIAG_SKV6ONLY, "\1", 1);
    add_status(&message, NLMSG_DONE, 0);
    for (size_t i = 0; i < message.length; i++) {
        for (unsigned value = 0; value < 256; value++) {
            struct diag_message damaged = message;
            struct visits visits = {0};
            bool done = false;
            damaged.bytes[i] = (uint8_t)value;
            int result = read_message(&damaged, &visits, &done, NULL);
            assert_true(result <= 0);
            assert_true(visits.count <= 2);
            assert_true(!done || result == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_socket_is_visited),
        cmocka_unit_test(only_the_end_message_ends_a_dump),
        cmocka_unit_test(what_follows_the_end_is_not_read),
        cmocka_unit_test(a_dump_that_ends_with_an_error_failed),
        cmocka_unit_test(a_refused_request_gives_the_errno_of_the_kernel),
        cmocka_unit_test(a_status_that_is_no_errno_is_malformed),
        cmocka_unit_test(an_end_without_a_status_is_malformed),
        cmocka_unit_test(an_interrupted_dump_failed),
        cmocka_unit_test(an_overrun_failed),
        cmocka_unit_test(an_answer_to_another_request_is_refused),
        cmocka_unit_test(an_empty_message_is_passed_over_and_an_unknown_one_refused),
        cmocka_unit_test(a_visit_that_fails_ends_the_answer),
        cmocka_unit_test(a_message_of_an_impossible_length_is_refused),
        cmocka_unit_test(an_empty_message_shorter_than_its_header_is_refused),
        cmocka_unit_test(an_answer_cut_short_never_counts_as_whole),
        cmocka_unit_test(the_last_message_needs_no_padding),
        cmocka_unit_test(damaged_answers_are_safe_to_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
