#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "model/endpoint.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct endpoint_range parsed(const char *text)
{
    struct endpoint_range range;
    struct error error = {""};
    if (endpoint_parse(text, &range, &error) != 0)
        fail_msg("%s", error.text);
    return range;
}

/* Each form, the endpoint it means in its one canonical form, and the end of its range. */
static const struct {
    const char *text;
    const char *first;
    uint16_t last_port;
} good_forms[] = {
    {"8080", "8080/tcp", 8080},
    {":8080", "8080/tcp", 8080},
    {"*:80", "80/tcp", 80},
    {"tcp:8080", "8080/tcp", 8080},
    {"tcp::8080", "8080/tcp", 8080},
    {"udp:53", "53/udp", 53},
    {"53/udp", "53/udp", 53},
    {":53/udp", "53/udp", 53},
    {"80/tcp", "80/tcp", 80},
    {"80/TCP", "80/tcp", 80},
    {"UDP:53", "53/udp", 53},
    {"1", "1/tcp", 1},
    {"65535", "65535/tcp", 65535},
    {"8000-8010", "8000/tcp", 8010},
    {"*:8000-8010", "8000/tcp", 8010},
    {"8000-8010/udp", "8000/udp", 8010},
    {"80-80", "80/tcp", 80},
    {"127.0.0.1:5432", "127.0.0.1:5432/tcp", 5432},
    {"127.0.0.1:8000-8010", "127.0.0.1:8000/tcp", 8010},
    {"udp:127.0.0.1:53", "127.0.0.1:53/udp", 53},
    {"127.0.0.1:53/udp", "127.0.0.1:53/udp", 53},
    {"0.0.0.0:80", "0.0.0.0:80/tcp", 80},
    {"[::1]:8080", "[::1]:8080/tcp", 8080},
    {"tcp:[::]:443", "[::]:443/tcp", 443},
    {"[2001:DB8:0::1]:1-2/udp", "[2001:db8::1]:1/udp", 2},
    {"[::ffff:127.0.0.1]:80", "127.0.0.1:80/tcp", 80},
    {"[::ffff:0.0.0.0]:80", "0.0.0.0:80/tcp", 80},
    {"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535/udp", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535/udp",
     65535},
    {"[fec0::1]:80", "[fec0::1]:80/tcp", 80},
};

static void every_form_is_read_and_written_back_in_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good_forms); i++) {
        struct endpoint_range range = parsed(good_forms[i].text);
        char text[ENDPOINT_TEXT_MAX];
        endpoint_format(&range.first, text);
        assert_string_equal(text, good_forms[i].first);
        assert_int_equal(range.last_port, good_forms[i].last_port);

        struct endpoint_range again = parsed(text);
        assert_true(endpoint_equal(&again.first, &range.first));
    }
}

/* Each wrong form, and what the reason must show beside the text itself: what is wrong, and a right form. */
static const struct {
    const char *text;
    const char *wrong;
    const char *right;
} bad_forms[] = {
    {"", "missing", "8080"},
    {":", "missing", "8080"},
    {"*:", "missing", "8080"},
    {"tcp:", "missing", "8080"},
    {"/udp", "missing", "8080"},
    {"127.0.0.1:", "missing", "8080"},
    {"127.0.0.1", "missing", "127.0.0.1:80"},
    {"[::1]:", "missing", "8080"},
    {"0", "1 to 65535", "8080"},
    {"127.0.0.1:0", "1 to 65535", "8080"},
    {"0-10", "1 to 65535", "8080"},
    {"65536", "1 to 65535", "8080"},
    {"99999999999999999999999", "1 to 65535", "8080"},
    {"80-65536", "1 to 65535", "8080"},
    {"1-2-3", "1 to 65535", "8080"},
    {"http", "1 to 65535", "8080"},
    {"localhost", "1 to 65535", "8080"},
    {"*", "1 to 65535", "8080"},
    {"+80", "1 to 65535", "8080"},
    {" 80", "1 to 65535", "8080"},
    {"80 ", "1 to 65535", "8080"},
    {"0x50", "1 to 65535", "8080"},
    {"80:tcp", "1 to 65535", "8080"},
    {"0080", "leading zero", "80"},
    {"8000-08010", "leading zero", "8010"},
    {"8010-8000", "reversed", "8000-8010"},
    {"127.0.0.1:8010-8000", "reversed", "8000-8010"},
    {"-80", "two ends", "8000-8010"},
    {"80-", "two ends", "8000-8010"},
    {"-", "two ends", "8000-8010"},
    {"localhost:80", "not resolved", "127.0.0.1:80"},
    {"db.example:8000-8010", "not resolved", "127.0.0.1:8000"},
    {"**:80", "not resolved", "127.0.0.1:80"},
    {"127.0.0.256:80", "IPv4", "127.0.0.1:80"},
    {"127.1:80", "IPv4", "127.0.0.1:80"},
    {"010.0.0.1:80", "IPv4", "127.0.0.1:80"},
    {"8080:80", "IPv4", "127.0.0.1:80"},
    {"::1:80", "brackets", "[::1]:80"},
    {"::1", "brackets", "[::1]:80"},
    {"::", "brackets", "[::1]:80"},
    {"tcp:::1:80", "brackets", "[::1]:80"},
    {"[::1]", "a port follows", "[::1]:80"},
    {"[::1]80", "a port follows", "[::1]:80"},
    {"[::1:80", "a port follows", "[::1]:80"},
    {"[]:80", "no IPv6 address", "[::1]:80"},
    {"[127.0.0.1]:443", "no IPv6 address", "[::1]:443"},
    {"[::g]:80", "no IPv6 address", "[::1]:80"},
    {"[[::1]]:80", "a port follows", "[::1]:80"},
    {"[fe80::1]:80", "one interface", "[::1]:80"},
    {"[febf::1]:80", "one interface", "[::1]:80"},
    {"[fe80::1%eth0]:80", "one interface", "[::1]:80"},
    {"[::1%lo]:80", "one interface", "[::1]:80"},
    {"80/sctp", "tcp or udp", "53/udp"},
    {"80/", "tcp or udp", "53/udp"},
    {"http://127.0.0.1:80/", "tcp or udp", "53/udp"},
    {"tcp://127.0.0.1:80", "tcp or udp", "53/udp"},
    {"tcp:53/udp", "twice", "udp:53"},
    {"udp:53/udp", "twice", "udp:53"},
    {"tcp:udp:53", "not resolved", "127.0.0.1:53"},
};

static void every_wrong_form_is_refused_in_one_line_that_shows_the_right_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_forms); i++) {
        struct endpoint_range range = {.last_port = 77};
        struct error error = {""};
        assert_int_equal(endpoint_parse(bad_forms[i].text, &range, &error), -EINVAL);
        assert_int_equal(range.last_port, 77);

        char quoted[ERROR_TEXT_MAX];
        (void)snprintf(quoted, sizeof(quoted), "\"%s\": ", bad_forms[i].text);
        assert_memory_equal(error.text, quoted, strlen(quoted));
        const char *reason = error.text + strlen(quoted);
        if (strstr(reason, bad_forms[i].wrong) == NULL || strstr(reason, bad_forms[i].right) == NULL)
            fail_msg("%s", error.text);
        assert_null(strchr(reason, '\n'));
    }
}

static void nobody_has_to_ask_for_the_reason(void **state)
{
    (void)state;
    struct endpoint_range range;
    assert_int_equal(endpoint_parse("0", &range, NULL), -EINVAL);
}

static void a_reason_quotes_no_more_than_forty_bytes(void **state)
{
    (void)state;
    char text[1000];
    for (size_t length = 39; length < sizeof(text); length += length < 200 ? 1 : 100) {
        memset(text, 'x', length);
        text[length] = '\0';
        struct endpoint_range range;
        struct error error = {""};
        assert_int_equal(endpoint_parse(text, &range, &error), -EINVAL);
        assert_int_equal(strspn(error.text + 1, "x"), length < 40 ? length : 40);
        const char *end = length > 40 ? "...\": " : "\": ";
        assert_memory_equal(error.text + 1 + strspn(error.text + 1, "x"), end, strlen(end));
        assert_non_null(strstr(error.text, "as in "));
    }
}

static void a_reason_echoes_neither_control_bytes_nor_bad_utf8(void **state)
{
    (void)state;
    struct endpoint_range range;
    struct error error = {""};
    assert_int_equal(endpoint_parse("a\x1b[2J\n\x7f\xff\xc2\x9b:80", &range, &error), -EINVAL);
    assert_memory_equal(error.text, "\"a?[2J?????:80\": ", 17);
}

static void equal_means_the_same_bind(void **state)
{
    (void)state;
    struct endpoint_range any = parsed("80");
    struct endpoint_range same = parsed("*:80/tcp");
    assert_true(endpoint_equal(&any.first, &same.first));
    const char *const others[] = {"81", "80/udp", "0.0.0.0:80", "[::]:80"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct endpoint_range other = parsed(others[i]);
        assert_false(endpoint_equal(&any.first, &other.first));
    }
    struct endpoint_range ipv4 = parsed("0.0.0.0:80");
    struct endpoint_range ipv6 = parsed("[::]:80");
    assert_false(endpoint_equal(&ipv4.first, &ipv6.first));
    ipv4.first.any_address = true; /* the address means nothing then */
    assert_true(endpoint_equal(&any.first, &ipv4.first));
}

static void no_address_means_both_wildcards_and_a_named_one_itself(void **state)
{
    (void)state;
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    struct endpoint_range any = parsed("80");
    assert_int_equal(endpoint_addresses(&any.first, addresses), 2);
    assert_int_equal(addresses[0].family, FAMILY_IPV4);
    assert_int_equal(addresses[1].family, FAMILY_IPV6);
    assert_true(address_is_wildcard(&addresses[0]));
    assert_true(address_is_wildcard(&addresses[1]));

    struct endpoint_range named = parsed("[::1]:80");
    assert_int_equal(endpoint_addresses(&named.first, addresses), 1);
    assert_true(address_equal(&addresses[0], &named.first.address));
    assert_false(address_is_wildcard(&addresses[0]));
}

static void a_mapped_address_is_unmapped_and_no_other_changes(void **state)
{
    (void)state;
    const struct address mapped = {FAMILY_IPV6, {[10] = 0xff, 0xff, 10, 0, 0, 5}};
    const struct address ipv4 = {FAMILY_IPV4, {10, 0, 0, 5}};
    const struct address compatible = {FAMILY_IPV6, {[12] = 10, 0, 0, 5}};
    struct address result = address_unmapped(&mapped);
    assert_true(address_equal(&result, &ipv4));
    result = address_unmapped(&ipv4);
    assert_true(address_equal(&result, &ipv4));
    result = address_unmapped(&compatible);
    assert_true(address_equal(&result, &compatible));
}

static void an_address_is_written_without_brackets(void **state)
{
    (void)state;
    const struct {
        const char *endpoint;
        const char *address;
    } forms[] = {{"80", "*"}, {"127.0.0.1:80", "127.0.0.1"}, {"[::]:80", "::"}, {"[2001:db8::1]:80", "2001:db8::1"}};
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct endpoint_range range = parsed(forms[i].endpoint);
        char text[ADDRESS_TEXT_MAX];
        endpoint_address_format(&range.first, text);
        assert_string_equal(text, forms[i].address);
    }
}

static void protocols_and_families_have_the_names_of_the_interface(void **state)
{
    (void)state;
    assert_string_equal(protocol_name(PROTOCOL_TCP), "tcp");
    assert_string_equal(protocol_name(PROTOCOL_UDP), "udp");
    assert_string_equal(family_name(FAMILY_IPV4), "ipv4");
    assert_string_equal(family_name(FAMILY_IPV6), "ipv6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_is_read_and_written_back_in_one),
        cmocka_unit_test(every_wrong_form_is_refused_in_one_line_that_shows_the_right_one),
        cmocka_unit_test(nobody_has_to_ask_for_the_reason),
        cmocka_unit_test(a_reason_quotes_no_more_than_forty_bytes),
        cmocka_unit_test(a_reason_echoes_neither_control_bytes_nor_bad_utf8),
        cmocka_unit_test(equal_means_the_same_bind),
        cmocka_unit_test(no_address_means_both_wildcards_and_a_named_one_itself),
        cmocka_unit_test(a_mapped_address_is_unmapped_and_no_other_changes),
        cmocka_unit_test(an_address_is_written_without_brackets),
        cmocka_unit_test(protocols_and_families_have_the_names_of_the_interface),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
