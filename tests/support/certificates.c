#include "certificates.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <time.h>

#include "base/cleanup.h"

#define LIFE_SECONDS 3600

#define check(call) assert_int_equal((call), 0)

struct parts {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
};

static struct parts parts_new(void)
{
    struct parts parts = {0};
    check(gnutls_x509_crt_init(&parts.certificate));
    check(gnutls_x509_privkey_init(&parts.key));
    return parts;
}

static void parts_done(struct parts *parts)
{
    gnutls_x509_crt_deinit(parts->certificate);
    gnutls_x509_privkey_deinit(parts->key);
}

static struct parts parts_read(const struct certificate *from)
{
    struct parts parts = parts_new();
    gnutls_datum_t certificate = {(unsigned char *)from->certificate, (unsigned)strlen(from->certificate)};
    gnutls_datum_t key = {(unsigned char *)from->key, (unsigned)strlen(from->key)};
    check(gnutls_x509_crt_import(parts.certificate, &certificate, GNUTLS_X509_FMT_PEM));
    check(gnutls_x509_privkey_import(parts.key, &key, GNUTLS_X509_FMT_PEM));
    return parts;
}

static void set_purpose(gnutls_x509_crt_t certificate, enum certificate_kind kind)
{
    static const uint8_t loopback[] = {127, 0, 0, 1};
    switch (kind) {
    case CERTIFICATE_CA:
        check(gnutls_x509_crt_set_basic_constraints(certificate, 1, -1));
        check(gnutls_x509_crt_set_key_usage(certificate, GNUTLS_KEY_KEY_CERT_SIGN));
        break;
    case CERTIFICATE_SERVER:
        check(gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_SERVER, 0));
        check(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET));
        check(gnutls_x509_crt_set_subject_alt_name(certificate, GNUTLS_SAN_IPADDRESS, loopback, sizeof(loopback),
                                                   GNUTLS_FSAN_APPEND));
        break;
    case CERTIFICATE_CLIENT:
        check(gnutls_x509_crt_set_key_purpose_oid(certificate, GNUTLS_KP_TLS_WWW_CLIENT, 0));
        break;
    }
}

static void fill(struct parts *parts, enum certificate_kind kind, const char *name)
{
    time_t now = time(NULL);
    uint8_t serial[16];
    check(gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial)));
    serial[0] = 1; /* positive, and not zero */
    check(
        gnutls_x509_privkey_generate(parts->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
    check(gnutls_x509_crt_set_version(parts->certificate, 3));
    check(gnutls_x509_crt_set_serial(parts->certificate, serial, sizeof(serial)));
    check(gnutls_x509_crt_set_activation_time(parts->certificate, now - LIFE_SECONDS));
    check(gnutls_x509_crt_set_expiration_time(parts->certificate, now + LIFE_SECONDS));
    check(gnutls_x509_crt_set_key(parts->certificate, parts->key));
    check(gnutls_x509_crt_set_dn_by_oid(parts->certificate, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                        (unsigned)strlen(name)));
    set_purpose(parts->certificate, kind);
}

static char *text_of(gnutls_datum_t *pem)
{
    char *text = strndup((const char *)pem->data, pem->size);
    assert_non_null(text);
    gnutls_free(pem->data);
    return text;
}

struct certificate certificate_make(enum certificate_kind kind, const char *name, const struct certificate *issuer)
{
    cleanup(parts_done) struct parts parts = parts_new();
    fill(&parts, kind, name);
    cleanup(parts_done) struct parts signer = issuer != NULL ? parts_read(issuer) : parts_new();
    const struct parts *by = issuer != NULL ? &signer : &parts;
    check(gnutls_x509_crt_sign2(parts.certificate, by->certificate, by->key, GNUTLS_DIG_SHA256, 0));

    gnutls_datum_t certificate = {0};
    gnutls_datum_t key = {0};
    check(gnutls_x509_crt_export2(parts.certificate, GNUTLS_X509_FMT_PEM, &certificate));
    check(gnutls_x509_privkey_export2(parts.key, GNUTLS_X509_FMT_PEM, &key));
    return (struct certificate){.certificate = text_of(&certificate), .key = text_of(&key)};
}

void certificate_done(struct certificate *certificate)
{
    free(certificate->certificate);
    free(certificate->key);
    *certificate = (struct certificate){0};
}
