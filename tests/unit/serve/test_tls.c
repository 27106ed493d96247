#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <gnutls/gnutls.h>
#include <sys/socket.h>

#include "certificates.h"
#include "tls.h"

struct pki {
    struct certificate ca;
    struct certificate server;
    struct certificate client;
    struct certificate stranger_ca;
    struct certificate stranger; /* a client of another CA */
};

static int set_up(void **state)
{
    struct pki *pki = calloc(1, sizeof(*pki));
    assert_non_null(pki);
    pki->ca = certificate_make(CERTIFICATE_CA, "ca", NULL);
    pki->server = certificate_make(CERTIFICATE_SERVER, "localhost", &pki->ca);
    pki->client = certificate_make(CERTIFICATE_CLIENT, "client", &pki->ca);
    pki->stranger_ca = certificate_make(CERTIFICATE_CA, "stranger's ca", NULL);
    pki->stranger = certificate_make(CERTIFICATE_CLIENT, "stranger", &pki->stranger_ca);
    *state = pki;
    return 0;
}

static int tear_down(void **state)
{
    struct pki *pki = *state;
    certificate_done(&pki->ca);
    certificate_done(&pki->server);
    certificate_done(&pki->client);
    certificate_done(&pki->stranger_ca);
    certificate_done(&pki->stranger);
    free(pki);
    return 0;
}

static struct web_config web_of(const struct pki *pki)
{
    return (struct web_config){.tls = true,
                               .certificate = pki->server.certificate,
                               .key = pki->server.key,
                               .min_version = WEB_TLS_1_2,
                               .max_version = WEB_TLS_1_3};
}

static gnutls_datum_t datum_of(const char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)(uintptr_t)text, .size = (unsigned)strlen(text)};
}

/* One side of a handshake. */
struct side {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    bool ended;
    int result;
};

static void side_init(struct side *side, unsigned flags, int fd)
{
    *side = (struct side){0};
    assert_int_equal(gnutls_init(&side->session, flags | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL), 0);
    assert_int_equal(gnutls_certificate_allocate_credentials(&side->credentials), 0);
    assert_int_equal(gnutls_set_default_priority(side->session), 0);
    assert_int_equal(gnutls_credentials_set(side->session, GNUTLS_CRD_CERTIFICATE, side->credentials), 0);
    gnutls_transport_set_int(side->session, fd);
}

static void side_done(struct side *side)
{
    gnutls_deinit(side->session);
    gnutls_certificate_free_credentials(side->credentials);
}

static void shake(struct side *side, int fd)
{
    if (side->ended)
        return;
    side->result = gnutls_handshake(side->session);
    side->ended = side->result == 0 || gnutls_error_is_fatal(side->result) != 0;
    if (side->ended && side->result != 0)
        (void)shutdown(fd, SHUT_RDWR);
}

/* With TLS 1.3 the client's part of the handshake is over before the server has looked at its certificate. */
static int heard(struct side *client)
{
    char byte;
    int r = client->result;
    if (r == 0)
        r = (int)gnutls_record_recv(client->session, &byte, sizeof(byte));
    return r == GNUTLS_E_FATAL_ALERT_RECEIVED ? (int)gnutls_alert_get(client->session) : -1;
}

struct outcome {
    bool complete; /* for the server: only then it serves */
    int alert;     /* that the client has received; -1: none */
};

/* tls: NULL: nothing was applied; with: the client's certificate or NULL. */
static struct outcome handshake(struct tls *tls, const char *versions, const struct certificate *with)
{
    int fds[2];
    assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), errno);
    cleanup(side_done) struct side server;
    cleanup(side_done) struct side client;
    side_init(&server, GNUTLS_SERVER, fds[0]);
    side_init(&client, GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT, fds[1]);
    gnutls_certificate_set_retrieve_function3(server.credentials, tls_refuse_certificate);
    if (tls != NULL)
        tls_apply(tls, server.session);
    assert_int_equal(gnutls_priority_set_direct(client.session, versions, NULL), 0);
    if (with != NULL) {
        gnutls_datum_t certificate = datum_of(with->certificate);
        gnutls_datum_t key = datum_of(with->key);
        assert_int_equal(
            gnutls_certificate_set_x509_key_mem(client.credentials, &certificate, &key, GNUTLS_X509_FMT_PEM), 0);
    }
    for (int turn = 0; turn < 100 && !(server.ended && client.ended); turn++) {
        shake(&client, fds[1]);
        shake(&server, fds[0]);
    }
    assert_true(server.ended);
    struct outcome outcome = {.complete = server.result == 0, .alert = heard(&client)};
    close(fds[0]);
    close(fds[1]);
    return outcome;
}

#define TLS_1_0 "NORMAL:-VERS-ALL:+VERS-TLS1.0"
#define TLS_1_1 "NORMAL:-VERS-ALL:+VERS-TLS1.1"
#define TLS_1_2 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS_1_3 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
static const char *const versions[] = {TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3};

static void the_versions_from_min_to_max_are_spoken_and_no_other(void **state)
{
    const struct pki *pki = *state;
    for (enum web_tls_version min = WEB_TLS_1_0; min <= WEB_TLS_1_3; min++)
        for (enum web_tls_version max = min; max <= WEB_TLS_1_3; max++) {
            struct web_config web = web_of(pki);
            web.min_version = min;
            web.max_version = max;
            cleanup(tls_unrefp) struct tls *tls = NULL;
            assert_return_code(tls_new(&web, &tls, NULL), 0);
            for (enum web_tls_version version = WEB_TLS_1_0; version <= WEB_TLS_1_3; version++)
                if (handshake(tls, versions[version], NULL).complete != (version >= min && version <= max))
                    fail_msg("from %d to %d: %d", (int)min, (int)max, (int)version);
        }
}

static void each_kind_of_client_auth_lets_in_whom_it_should(void **state)
{
    const struct pki *pki = *state;
    static const struct {
        enum web_client_auth client_auth;
        bool without;
        bool stranger;
        bool known;
    } cases[] = {
        {WEB_CLIENT_NO_CERT, true, true, true},
        {WEB_CLIENT_REQUEST, true, true, true},
        {WEB_CLIENT_REQUIRE_ANY, false, true, true},
        {WEB_CLIENT_VERIFY_IF_GIVEN, true, false, true},
        {WEB_CLIENT_REQUIRE_AND_VERIFY, false, false, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct web_config web = web_of(pki);
        web.client_auth = cases[i].client_auth;
        web.client_ca = web.client_auth == WEB_CLIENT_NO_CERT ? NULL : pki->ca.certificate;
        cleanup(tls_unrefp) struct tls *tls = NULL;
        assert_return_code(tls_new(&web, &tls, NULL), 0);
        for (enum web_tls_version version = WEB_TLS_1_2; version <= WEB_TLS_1_3; version++) {
            assert_int_equal(handshake(tls, versions[version], NULL).complete, cases[i].without);
            assert_int_equal(handshake(tls, versions[version], &pki->stranger).complete, cases[i].stranger);
            assert_int_equal(handshake(tls, versions[version], &pki->client).complete, cases[i].known);
        }
    }
}

static void a_server_certificate_is_none_for_a_client(void **state)
{
    const struct pki *pki = *state;
    struct web_config web = web_of(pki);
    web.client_auth = WEB_CLIENT_REQUIRE_AND_VERIFY;
    web.client_ca = pki->ca.certificate;
    cleanup(tls_unrefp) struct tls *tls = NULL;
    assert_return_code(tls_new(&web, &tls, NULL), 0);
    assert_false(handshake(tls, TLS_1_3, &pki->server).complete);
}

static void the_client_hears_why_it_is_refused(void **state)
{
    const struct pki *pki = *state;
    struct web_config web = web_of(pki);
    web.client_auth = WEB_CLIENT_REQUIRE_AND_VERIFY;
    web.client_ca = pki->ca.certificate;
    cleanup(tls_unrefp) struct tls *tls = NULL;
    assert_return_code(tls_new(&web, &tls, NULL), 0);
    for (enum web_tls_version version = WEB_TLS_1_2; version <= WEB_TLS_1_3; version++) {
        assert_int_equal(handshake(tls, versions[version], NULL).alert, GNUTLS_A_CERTIFICATE_REQUIRED);
        assert_int_equal(handshake(tls, versions[version], &pki->stranger).alert, GNUTLS_A_BAD_CERTIFICATE);
        assert_int_equal(handshake(tls, versions[version], &pki->client).alert, -1);
    }
}

static void a_session_to_which_nothing_was_applied_fails(void **state)
{
    (void)state;
    assert_false(handshake(NULL, TLS_1_2, NULL).complete);
    assert_false(handshake(NULL, TLS_1_3, NULL).complete);
}

static void expect_refused(const struct web_config *web, const char *reason)
{
    struct tls *tls = NULL;
    struct error error;
    assert_int_equal(tls_new(web, &tls, &error), -EINVAL);
    assert_null(tls);
    if (strstr(error.text, reason) == NULL)
        fail_msg("\"%s\" does not say %s", error.text, reason);
}

static void what_cannot_be_used_is_refused_and_named(void **state)
{
    const struct pki *pki = *state;
    char nonsense[] = "nonsense";
    char empty[] = "";

    struct web_config web = web_of(pki);
    web.key = pki->client.key;
    expect_refused(&web, "cert_file and key_file");
    web = web_of(pki);
    web.key = nonsense;
    expect_refused(&web, "cert_file and key_file");
    web = web_of(pki);
    web.certificate = nonsense;
    expect_refused(&web, "cert_file and key_file");
    web = web_of(pki);
    web.certificate = empty;
    expect_refused(&web, "cert_file and key_file");

    web = web_of(pki);
    web.client_auth = WEB_CLIENT_VERIFY_IF_GIVEN;
    web.client_ca = nonsense;
    expect_refused(&web, "client_ca_file");
    web.client_ca = empty;
    expect_refused(&web, "client_ca_file");
    web.client_ca = pki->server.key;
    expect_refused(&web, "client_ca_file");

    web = web_of(pki);
    web.min_version = WEB_TLS_1_3;
    web.max_version = WEB_TLS_1_2;
    expect_refused(&web, "min_version");
}

static void it_lives_until_the_last_reference_is_dropped(void **state)
{
    const struct pki *pki = *state;
    const struct web_config web = web_of(pki);
    struct tls *tls = NULL;
    assert_return_code(tls_new(&web, &tls, NULL), 0);
    struct tls *other = tls_ref(tls);
    tls_unref(tls);
    assert_true(handshake(other, TLS_1_3, NULL).complete);
    tls_unref(other);
    tls_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_versions_from_min_to_max_are_spoken_and_no_other),
        cmocka_unit_test(each_kind_of_client_auth_lets_in_whom_it_should),
        cmocka_unit_test(a_server_certificate_is_none_for_a_client),
        cmocka_unit_test(the_client_hears_why_it_is_refused),
        cmocka_unit_test(a_session_to_which_nothing_was_applied_fails),
        cmocka_unit_test(what_cannot_be_used_is_refused_and_named),
        cmocka_unit_test(it_lives_until_the_last_reference_is_dropped),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
