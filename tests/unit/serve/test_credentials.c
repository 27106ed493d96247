#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>

#include "credentials.h"

#define LONG (2 * CREDENTIALS_PART_MAX)

static int parse_pair(const char *pair, size_t length, struct credentials *ret_credentials)
{
    gnutls_datum_t bytes = {.data = (unsigned char *)(uintptr_t)pair, .size = (unsigned)length};
    gnutls_datum_t encoded = {0};
    assert_int_equal(gnutls_base64_encode2(&bytes, &encoded), 0);
    char header[4 * LONG];
    (void)snprintf(header, sizeof(header), "Basic %.*s", (int)encoded.size, (const char *)encoded.data);
    gnutls_free(encoded.data);
    return credentials_parse(header, ret_credentials);
}

static void expect(const char *pair, const char *user, const char *password)
{
    struct credentials credentials;
    assert_int_equal(parse_pair(pair, strlen(pair), &credentials), 0);
    assert_string_equal(credentials.user, user);
    assert_string_equal(credentials.password, password);
}

static void the_name_ends_at_the_first_colon(void **state)
{
    (void)state;
    expect("Aladdin:open sesame", "Aladdin", "open sesame");
    expect("a:b:c", "a", "b:c");
    expect("a:", "a", "");
    expect(":b", "", "b");
    expect("stra\xc3\x9f"
           "e:\xc2\xa3",
           "stra\xc3\x9f"
           "e",
           "\xc2\xa3");
}

static void the_example_of_the_rfc_reads_and_the_scheme_has_any_case(void **state)
{
    (void)state;
    static const char *const headers[] = {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
                                          "BASIC  QWxhZGRpbjpvcGVuIHNlc2FtZQ=="};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct credentials credentials;
        assert_int_equal(credentials_parse(headers[i], &credentials), 0);
        assert_string_equal(credentials.user, "Aladdin");
        assert_string_equal(credentials.password, "open sesame");
    }
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        NULL,
        "",
        "Basic",
        "Basic ",
        "BasicQTpi",
        "Bearer QTpi",
        "Digest username=\"a\"",
        "Basic QTpiYg",           /* padding lacks */
        "Basic QTpi=",            /* too much of it */
        "Basic QTpiYh==",         /* bits after the end */
        "Basic QTpi, Basic QTpi", /* two */
        "Basic A:b",
        "Basic QWI=", /* "Ab": no colon */
        "Basic \xff\xfe",
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct credentials credentials;
        if (credentials_parse(headers[i], &credentials) != -EINVAL)
            fail_msg("\"%s\" is not refused", headers[i]);
    }
}

static void control_characters_are_refused_as_a_hash_would_end_at_a_nul(void **state)
{
    (void)state;
    struct credentials credentials;
    assert_int_equal(parse_pair("a:right\0wrong", 13, &credentials), -EINVAL);
    assert_int_equal(parse_pair("a\0:b", 4, &credentials), -EINVAL);
    assert_int_equal(parse_pair("a:b\n", 4, &credentials), -EINVAL);
    assert_int_equal(parse_pair("a:\x7f", 3, &credentials), -EINVAL);
}

static void what_is_too_long_is_refused_whole(void **state)
{
    (void)state;
    struct credentials credentials;
    char pair[LONG];
    memset(pair, 'x', sizeof(pair));
    pair[1] = ':';
    assert_int_equal(parse_pair(pair, 2 + CREDENTIALS_PART_MAX, &credentials), 0);
    assert_int_equal(strlen(credentials.password), CREDENTIALS_PART_MAX);
    assert_int_equal(parse_pair(pair, 3 + CREDENTIALS_PART_MAX, &credentials), -EINVAL);
    pair[1] = 'x';
    pair[CREDENTIALS_PART_MAX + 1] = ':';
    assert_int_equal(parse_pair(pair, CREDENTIALS_PART_MAX + 2, &credentials), -EINVAL);
}

static void nothing_is_left_of_them(void **state)
{
    (void)state;
    static const struct credentials nothing;
    struct credentials credentials;
    assert_int_equal(parse_pair("a:b", 3, &credentials), 0);
    credentials_done(&credentials);
    assert_memory_equal(&credentials, &nothing, sizeof(nothing));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_ends_at_the_first_colon),
        cmocka_unit_test(the_example_of_the_rfc_reads_and_the_scheme_has_any_case),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(control_characters_are_refused_as_a_hash_would_end_at_a_nul),
        cmocka_unit_test(what_is_too_long_is_refused_whole),
        cmocka_unit_test(nothing_is_left_of_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
