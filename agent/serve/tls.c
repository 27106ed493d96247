#include "tls.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#define PRIORITIES_MAX 128

struct tls {
    atomic_size_t references;
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priorities;
    gnutls_certificate_request_t request;
};

static const char *const version_names[] = {
    [WEB_TLS_1_0] = "VERS-TLS1.0",
    [WEB_TLS_1_1] = "VERS-TLS1.1",
    [WEB_TLS_1_2] = "VERS-TLS1.2",
    [WEB_TLS_1_3] = "VERS-TLS1.3",
};

static int fail(struct error *error, const char *what, int code)
{
    return error_set(error, code == GNUTLS_E_MEMORY_ERROR ? -ENOMEM : -EINVAL, "%s: %s", what, gnutls_strerror(code));
}

/* The client hears why: the library that runs the handshake only closes. */
static int refuse(gnutls_session_t session, gnutls_alert_description_t alert)
{
    (void)gnutls_alert_send(session, GNUTLS_AL_FATAL, alert);
    return GNUTLS_E_CERTIFICATE_ERROR;
}

static bool gave_certificate(gnutls_session_t session)
{
    unsigned count = 0;
    return gnutls_certificate_get_peers(session, &count) != NULL && count > 0;
}

static int verify_chain(gnutls_session_t session)
{
    unsigned char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st data = {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose};
    unsigned status = 0;
    int r = gnutls_certificate_verify_peers(session, &data, 1, &status);
    return r == 0 && status == 0 ? 0 : refuse(session, GNUTLS_A_BAD_CERTIFICATE);
}

static int require_any(gnutls_session_t session)
{
    return gave_certificate(session) ? 0 : refuse(session, GNUTLS_A_CERTIFICATE_REQUIRED);
}

static int verify_if_given(gnutls_session_t session)
{
    return gave_certificate(session) ? verify_chain(session) : 0;
}

static int require_and_verify(gnutls_session_t session)
{
    int r = require_any(session);
    return r == 0 ? verify_chain(session) : r;
}

/* Never GNUTLS_CERT_REQUIRE: with it a client without a certificate would not hear why. */
static void set_client_auth(struct tls *tls, enum web_client_auth client_auth)
{
    tls->request = client_auth == WEB_CLIENT_NO_CERT ? GNUTLS_CERT_IGNORE : GNUTLS_CERT_REQUEST;
    switch (client_auth) {
    case WEB_CLIENT_NO_CERT:
    case WEB_CLIENT_REQUEST:
        break;
    case WEB_CLIENT_REQUIRE_ANY:
        gnutls_certificate_set_verify_function(tls->credentials, require_any);
        break;
    case WEB_CLIENT_VERIFY_IF_GIVEN:
        gnutls_certificate_set_verify_function(tls->credentials, verify_if_given);
        break;
    case WEB_CLIENT_REQUIRE_AND_VERIFY:
        gnutls_certificate_set_verify_function(tls->credentials, require_and_verify);
        break;
    }
}

static int set_versions(struct tls *tls, enum web_tls_version min, enum web_tls_version max)
{
    char text[PRIORITIES_MAX] = "-VERS-ALL";
    for (enum web_tls_version version = min; version <= max; version++) {
        size_t length = strlen(text);
        (void)snprintf(text + length, sizeof(text) - length, ":+%s", version_names[version]);
    }
    return gnutls_priority_init2(&tls->priorities, text, NULL, GNUTLS_PRIORITY_INIT_DEF_APPEND);
}

static gnutls_datum_t datum_of(char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)text, .size = (unsigned)strlen(text)};
}

static int fill(struct tls *tls, const struct web_config *web, struct error *error)
{
    int r = gnutls_certificate_allocate_credentials(&tls->credentials);
    if (r < 0)
        return fail(error, "TLS", r);
    gnutls_datum_t certificate = datum_of(web->certificate);
    gnutls_datum_t key = datum_of(web->key);
    r = gnutls_certificate_set_x509_key_mem(tls->credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
    if (r < 0)
        return fail(error, "cert_file and key_file are not a certificate and its key, both in PEM", r);
    if (web->client_ca != NULL) {
        gnutls_datum_t client_ca = datum_of(web->client_ca);
        r = gnutls_certificate_set_x509_trust_mem(tls->credentials, &client_ca, GNUTLS_X509_FMT_PEM);
        if (r <= 0)
            return fail(error, "client_ca_file holds no certificate in PEM", r < 0 ? r : GNUTLS_E_NO_CERTIFICATE_FOUND);
    }
    set_client_auth(tls, web->client_auth);
    r = set_versions(tls, web->min_version, web->max_version);
    return r < 0 ? fail(error, "min_version and max_version leave no version of TLS", r) : 0;
}

int tls_new(const struct web_config *web, struct tls **ret_tls, struct error *error)
{
    cleanup(tls_unrefp) struct tls *tls = calloc(1, sizeof(*tls));
    if (tls == NULL)
        return fail(error, "TLS", GNUTLS_E_MEMORY_ERROR);
    atomic_init(&tls->references, 1);
    int r = fill(tls, web, error);
    if (r == 0)
        *ret_tls = steal_ptr(&tls);
    return r;
}

struct tls *tls_ref(struct tls *tls)
{
    atomic_fetch_add_explicit(&tls->references, 1, memory_order_relaxed);
    return tls;
}

void tls_unref(struct tls *tls)
{
    if (tls == NULL || atomic_fetch_sub_explicit(&tls->references, 1, memory_order_acq_rel) != 1)
        return;
    if (tls->priorities != NULL)
        gnutls_priority_deinit(tls->priorities);
    if (tls->credentials != NULL)
        gnutls_certificate_free_credentials(tls->credentials);
    free(tls);
}

void tls_apply(struct tls *tls, gnutls_session_t session)
{
    /* The certificate only when all else is ours: without it there is no handshake. */
    if (gnutls_priority_set(session, tls->priorities) < 0)
        return;
    gnutls_certificate_server_set_request(session, tls->request);
    (void)gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, tls->credentials);
}

int tls_refuse_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                           gnutls_pcert_st **ret_certs, unsigned *ret_count, gnutls_ocsp_data_st **ret_ocsp,
                           unsigned *ret_ocsp_count, gnutls_privkey_t *ret_key, unsigned *flags)
{
    (void)session, (void)info, (void)ret_certs, (void)ret_count, (void)ret_ocsp, (void)ret_ocsp_count, (void)ret_key;
    (void)flags;
    return GNUTLS_E_INSUFFICIENT_CREDENTIALS;
}
