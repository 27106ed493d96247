#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "config/web.h"
#include "scratch.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define HASH "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"
#define TLS "tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n"

static const char certificate[] = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n";
static const char key[] = "-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----\n";

/* Beside them, web.yml with the text. */
static const char *write_files(struct scratch *scratch, const char *text)
{
    (void)scratch_write_text(scratch, "tls.crt", certificate);
    (void)scratch_write_text(scratch, "ca.crt", certificate);
    (void)scratch_write_text(scratch, "tls.key", key);
    return scratch_write_text(scratch, "web.yml", text);
}

static struct web_config load(const char *text)
{
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    cleanup(web_sources_done) struct web_sources sources = {0};
    struct web_config config;
    struct error error = {""};
    int r = web_config_load(write_files(&scratch, text), &sources, &config, &error);
    if (r < 0)
        print_error("%s\n", error.text);
    assert_int_equal(r, 0);
    return config;
}

/* The reason without the folder's name. */
static void assert_refused(const char *text, int code, const char *reason)
{
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    cleanup(web_sources_done) struct web_sources sources = {0};
    struct web_config config;
    struct error error = {""};
    assert_int_equal(web_config_load(write_files(&scratch, text), &sources, &config, &error), code);
    assert_memory_equal(error.text, scratch.folder, strlen(scratch.folder));
    assert_string_equal(error.text + strlen(scratch.folder), reason);
    assert_true(sources.count > 0);
}

static void tls_is_the_files_that_are_named(void **state)
{
    (void)state;
    cleanup(web_config_done) struct web_config config = load(TLS);
    assert_true(config.tls);
    assert_string_equal(config.certificate, certificate);
    assert_string_equal(config.key, key);
    assert_null(config.client_ca);
    assert_int_equal(config.client_auth, WEB_CLIENT_NO_CERT);
    assert_int_equal(config.min_version, WEB_TLS_1_2);
    assert_int_equal(config.max_version, WEB_TLS_1_3);
    assert_int_equal(config.user_count, 0);
}

static void every_way_to_ask_for_certificates_is_known(void **state)
{
    (void)state;
    const struct {
        const char *name;
        enum web_client_auth auth;
    } cases[] = {
        {"RequestClientCert", WEB_CLIENT_REQUEST},
        {"RequireAnyClientCert", WEB_CLIENT_REQUIRE_ANY},
        {"RequireClientCert", WEB_CLIENT_REQUIRE_ANY},
        {"VerifyClientCertIfGiven", WEB_CLIENT_VERIFY_IF_GIVEN},
        {"RequireAndVerifyClientCert", WEB_CLIENT_REQUIRE_AND_VERIFY},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), TLS "  client_ca_file: ca.crt\n  client_auth_type: %s\n", cases[i].name);
        cleanup(web_config_done) struct web_config config = load(text);
        assert_int_equal(config.client_auth, cases[i].auth);
        assert_string_equal(config.client_ca, certificate);
    }
}

static void versions_are_taken(void **state)
{
    (void)state;
    cleanup(web_config_done) struct web_config one = load(TLS "  min_version: TLS13\n");
    assert_int_equal(one.min_version, WEB_TLS_1_3);
    cleanup(web_config_done) struct web_config two = load(TLS "  min_version: TLS10\n  max_version: 'TLS11'\n");
    assert_int_equal(two.min_version, WEB_TLS_1_0);
    assert_int_equal(two.max_version, WEB_TLS_1_1);
}

static void users_are_taken_with_their_hashes(void **state)
{
    (void)state;
    cleanup(web_config_done) struct web_config config =
        load("basic_auth_users:\n  prometheus: " HASH "\n  'no': '" HASH "'\n");
    assert_false(config.tls);
    assert_int_equal(config.user_count, 2);
    assert_string_equal(config.users[0].name, "prometheus");
    assert_string_equal(config.users[1].name, "no");
    assert_string_equal(config.users[1].hash, HASH);
}

static void what_changes_nothing_is_taken(void **state)
{
    (void)state;
    const char *const texts[] = {
        "{}",
        "http_server_config:\n",
        "http_server_config: {http2: true}",
        "http_server_config: {http2: false}",
        "http_server_config: {headers: {X-Frame-Options: deny, X-Content-Type-Options: nosniff}}",
        "http_server_config: {headers: }",
        "basic_auth_users:\n",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        cleanup(web_config_done) struct web_config config = load(texts[i]);
        assert_false(config.tls);
        assert_int_equal(config.user_count, 0);
    }
    cleanup(web_config_done) struct web_config config = load(TLS "  prefer_server_cipher_suites: true\n");
    assert_true(config.tls);
}

static void what_would_weaken_it_is_refused(void **state)
{
    (void)state;
    const char *const cases[][2] = {
        {"", "/web.yml:1:1: the file says nothing: give {} for neither TLS nor passwords"},
        {TLS "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n",
         "/web.yml:4:3: cipher_suites is not supported by tidewait: leave it out"},
        {TLS "  curve_preferences: [CurveP256]\n",
         "/web.yml:4:3: curve_preferences is not supported by tidewait: leave it out"},
        {TLS "  client_allowed_sans: [a]\n",
         "/web.yml:4:3: client_allowed_sans is not supported by tidewait: leave it out"},
        {"rate_limit: {burst: 1}\n", "/web.yml:1:1: rate_limit is not supported by tidewait: leave it out"},
        {"http_server_config:\n  headers:\n    Strict-Transport-Security: max-age=1\n",
         "/web.yml:3:5: headers: Strict-Transport-Security: max-age=1 is not supported by tidewait: leave it out"},
        {"http_server_config: {headers: {X-Frame-Options: sameorigin}}",
         "/web.yml:1:32: headers: X-Frame-Options: sameorigin is not supported by tidewait: leave it out"},
        {"tls_server_config:\n",
         "/web.yml:1:1: tls_server_config: needs cert_file and key_file; leave the section out to serve without TLS"},
        {"tls_server_config: {min_version: TLS13}",
         "/web.yml:1:1: tls_server_config: needs cert_file and key_file; leave the section out to serve without TLS"},
        {"tls_server_config: {cert_file: tls.crt}",
         "/web.yml:1:1: tls_server_config: needs cert_file and key_file; leave the section out to serve without TLS"},
        {TLS "  client_auth_type: RequireAndVerifyClientCert\n",
         "/web.yml:1:1: tls_server_config: this client_auth_type needs client_ca_file, which says whose certificates "
         "are right"},
        {TLS "  client_ca_file: ca.crt\n",
         "/web.yml:1:1: tls_server_config: client_ca_file needs a client_auth_type that asks for certificates, as "
         "RequireAndVerifyClientCert"},
        {TLS "  min_version: TLS13\n  max_version: TLS12\n",
         "/web.yml:1:1: tls_server_config: min_version is above max_version: no client could connect"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_refused(cases[i][0], -EINVAL, cases[i][1]);
}

static void what_is_wrong_is_refused_where_it_stands(void **state)
{
    (void)state;
    const char *const cases[][2] = {
        {"tls_sever_config: {}", "/web.yml:1:1: the file has no \"tls_sever_config\": did you mean tls_server_config?"},
        {"colour: red", "/web.yml:1:1: the file has no \"colour\""},
        {"[]", "/web.yml:1:1: the file: give names with values, as in tls_server_config: …"},
        {TLS "  min_verson: TLS12\n",
         "/web.yml:4:3: tls_server_config has no \"min_verson\": did you mean min_version?"},
        {TLS "  min_version: 1.2\n",
         "/web.yml:4:16: min_version: there is no \"1.2\": give TLS10, TLS11, TLS12 or TLS13"},
        {TLS "  min_version: [TLS12]\n", "/web.yml:4:16: min_version: give a text"},
        {TLS "  client_auth_type: Require\n",
         "/web.yml:4:21: client_auth_type: there is no \"Require\": give NoClientCert, RequestClientCert, "
         "RequireAnyClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert"},
        {TLS "  prefer_server_cipher_suites: yes\n", "/web.yml:4:32: prefer_server_cipher_suites: give true or false"},
        {"http_server_config: {http2: 'true'}", "/web.yml:1:29: http2: give true or false"},
        {"http_server_config: {headers: [a]}",
         "/web.yml:1:31: headers: give names with values, as in X-Frame-Options: deny"},
        {"tls_server_config: {cert_file: }", "/web.yml:1:32: cert_file: give a text"},
        {"a: 1\na: 2\n", "/web.yml:2:1: \"a\" stands on line 1 already: give it once"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_refused(cases[i][0], -EINVAL, cases[i][1]);
}

static void only_bcrypt_of_a_bearable_cost_is_a_hash(void **state)
{
    (void)state;
    const char *const wrong[] = {
        "secret",
        "$1$abc$def",
        "$2y$10$",
        "$2x$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG",
        HASH "a",
        "$2y$1o$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG",
        "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7z:",
        "$2y$100X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "basic_auth_users: {bob: '%s'}", wrong[i]);
        assert_refused(
            text, -EINVAL,
            "/web.yml:1:25: bob: this is no bcrypt hash: make one by `htpasswd -nBC 10 \"\" | tr -d ':\\n'`");
    }
    assert_refused("basic_auth_users:\n  bob: $2b$15$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n", -EINVAL,
                   "/web.yml:2:8: bob: the cost of this hash is 15: make one of 4 to 14, as 10");
    assert_refused("basic_auth_users:\n  bob: $2a$03$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG\n", -EINVAL,
                   "/web.yml:2:8: bob: the cost of this hash is 3: make one of 4 to 14, as 10");
    assert_refused("basic_auth_users: {'a:b': '" HASH "'}", -EINVAL,
                   "/web.yml:1:20: basic_auth_users: a name is without colons and control characters");
    assert_refused("basic_auth_users: [bob]", -EINVAL,
                   "/web.yml:1:19: basic_auth_users: give names with hashes, as in prometheus: $2b$10$…");
}

static void a_file_that_cannot_be_taken_is_named(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    cleanup(web_sources_done) struct web_sources sources = {0};
    struct web_config config;
    struct error error = {""};
    char reason[ERROR_TEXT_MAX];
    assert_int_equal(web_config_load(scratch_path(&scratch, "web.yml"), &sources, &config, &error), -ENOENT);
    (void)snprintf(reason, sizeof(reason), "%s/web.yml: cannot be read: No such file or directory", scratch.folder);
    assert_string_equal(error.text, reason);

    const char *path = write_files(&scratch, "tls_server_config:\n  cert_file: gone.crt\n  key_file: tls.key\n");
    assert_int_equal(web_config_load(path, &sources, &config, &error), -ENOENT);
    (void)snprintf(reason, sizeof(reason), "%s:2:14: cert_file: %s/gone.crt cannot be read: No such file or directory",
                   path, scratch.folder);
    assert_string_equal(error.text, reason);

    path = write_files(&scratch, "tls_server_config:\n  cert_file: web.yml\n  key_file: tls.key\n");
    assert_int_equal(web_config_load(path, &sources, &config, &error), -EINVAL);
    (void)snprintf(reason, sizeof(reason), "%s:2:14: cert_file: %s is not PEM: it must hold -----BEGIN …-----", path,
                   path);
    assert_string_equal(error.text, reason);
}

/* What is written now is settled two seconds later. */
static int64_t later(void)
{
    return clock_now().realtime_ns + 2 * CLOCK_NS_PER_S;
}

static void a_change_of_any_file_is_seen_when_it_has_settled(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    cleanup(web_sources_done) struct web_sources sources = {0};
    const char *const names[] = {"web.yml", "tls.crt", "tls.key", "ca.crt"};
    const char *path = write_files(&scratch, TLS "  client_ca_file: ca.crt\n  client_auth_type: RequestClientCert\n");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        cleanup(web_config_done) struct web_config config = {0};
        assert_int_equal(web_config_load(path, &sources, &config, NULL), 0);
        assert_int_equal(sources.count, 4);
        assert_false(web_sources_have_changed(&sources, later()));
        cleanup(cleanup_close) int fd = open(scratch_path(&scratch, names[i]), O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(write(fd, "\n", 1), 1);
        assert_true(web_sources_have_changed(&sources, later()));
        assert_false(web_sources_have_changed(&sources, clock_now().realtime_ns));
        path = scratch_path(&scratch, "web.yml");
    }
}

static void a_wrong_file_that_is_mended_is_seen_to_be(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    cleanup(web_sources_done) struct web_sources sources = {0};
    struct web_config config;
    const char *path = write_files(&scratch, TLS);
    assert_int_equal(unlink(scratch_path(&scratch, "tls.key")), 0);
    path = scratch_path(&scratch, "web.yml");
    assert_int_equal(web_config_load(path, &sources, &config, NULL), -ENOENT);
    assert_false(web_sources_have_changed(&sources, later()));
    (void)scratch_write_text(&scratch, "tls.key", key);
    assert_true(web_sources_have_changed(&sources, later()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_is_the_files_that_are_named),
        cmocka_unit_test(every_way_to_ask_for_certificates_is_known),
        cmocka_unit_test(versions_are_taken),
        cmocka_unit_test(users_are_taken_with_their_hashes),
        cmocka_unit_test(what_changes_nothing_is_taken),
        cmocka_unit_test(what_would_weaken_it_is_refused),
        cmocka_unit_test(what_is_wrong_is_refused_where_it_stands),
        cmocka_unit_test(only_bcrypt_of_a_bearable_cost_is_a_hash),
        cmocka_unit_test(a_file_that_cannot_be_taken_is_named),
        cmocka_unit_test(a_change_of_any_file_is_seen_when_it_has_settled),
        cmocka_unit_test(a_wrong_file_that_is_mended_is_seen_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
