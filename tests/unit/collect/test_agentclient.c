#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "collect/agentclient.h"

static void a_url_is_an_address_a_port_and_a_path(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *address;
        uint16_t port;
        const char *path;
    } good[] = {
        {"http://127.0.0.1:10098/readyz", "127.0.0.1", 10098, "/readyz"},
        {"http://127.0.0.1:10098", "127.0.0.1", 10098, "/"},
        {"http://10.0.0.5", "10.0.0.5", 80, "/"},
        {"http://[::1]:10098/api/v1/events?since=3", "::1", 10098, "/api/v1/events?since=3"},
        {"http://[::1]/", "::1", 80, "/"},
        {"http://localhost:10098/readyz", "127.0.0.1", 10098, "/readyz"},
        {"http://localhost", "127.0.0.1", 80, "/"},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct agentclient_place place = {0};
        assert_int_equal(agentclient_parse(good[i].url, &place, NULL), 0);
        char address[ADDRESS_TEXT_MAX];
        address_format(&place.address, address);
        assert_string_equal(address, good[i].address);
        assert_int_equal(place.port, good[i].port);
        assert_string_equal(place.path, good[i].path);
    }
}

static void what_is_no_such_url_is_shown_one(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "127.0.0.1:10098",
        "http://",
        "http:///readyz",
        "http://:10098",
        "http://*:10098",
        "http://example.org:10098",
        "http://localhost.evil.test:10098",
        "http://localhosts",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:80-90",
        "http://127.0.0.1:tcp",
        "http://tcp:127.0.0.1:80",
        "http://127.0.0.1:80/tcp x",
        "http://127.0.0.1:80#top",
        "http://127.0.0.1:80?since=3",
        "http://user@127.0.0.1:80",
        "http://::1:80",
        "http://[::1:80",
        "ftp://127.0.0.1:80",
        "http://127.0.0.1:80/a\r\nHost: b",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct agentclient_place place = {.port = 7};
        struct error error;
        if (agentclient_parse(bad[i], &place, &error) != -EINVAL)
            fail_msg("accepted: %s", bad[i]);
        assert_non_null(strstr(error.text, "http://127.0.0.1:10098"));
        assert_int_equal(place.port, 7);
    }
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char url[64 + AGENTCLIENT_PATH_MAX] = "http://127.0.0.1:80/";
    memset(url + strlen(url), 'a', AGENTCLIENT_PATH_MAX);
    struct agentclient_place place;
    assert_int_equal(agentclient_parse(url, &place, NULL), -EINVAL);
}

static void tls_is_refused_with_the_reason(void **state)
{
    (void)state;
    struct agentclient_place place;
    struct error error;
    assert_int_equal(agentclient_parse("https://127.0.0.1:10098/readyz", &place, &error), -EINVAL);
    assert_non_null(strstr(error.text, "TLS is not spoken here"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_is_an_address_a_port_and_a_path),
        cmocka_unit_test(what_is_no_such_url_is_shown_one),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
        cmocka_unit_test(tls_is_refused_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
