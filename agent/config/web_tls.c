#include <errno.h>

#include "web_reader.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int read_certificate(struct web_reader *reader, const struct node *value)
{
    return web_read_pem(reader, value, &reader->config.certificate);
}

static int read_key(struct web_reader *reader, const struct node *value)
{
    return web_read_pem(reader, value, &reader->config.key);
}

static int read_client_ca(struct web_reader *reader, const struct node *value)
{
    return web_read_pem(reader, value, &reader->config.client_ca);
}

static int read_client_auth(struct web_reader *reader, const struct node *value)
{
    static const struct {
        const char *name;
        enum web_client_auth auth;
    } types[] = {
        {"NoClientCert", WEB_CLIENT_NO_CERT},
        {"RequestClientCert", WEB_CLIENT_REQUEST},
        {"RequireAnyClientCert", WEB_CLIENT_REQUIRE_ANY},
        {"RequireClientCert", WEB_CLIENT_REQUIRE_ANY}, /* its former name */
        {"VerifyClientCertIfGiven", WEB_CLIENT_VERIFY_IF_GIVEN},
        {"RequireAndVerifyClientCert", WEB_CLIENT_REQUIRE_AND_VERIFY},
    };
    const char *text;
    int r = web_read_text(reader, value, &text);
    if (r < 0)
        return r;
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strcmp(text, types[i].name) == 0) {
            reader->config.client_auth = types[i].auth;
            return 0;
        }
    return document_refuse(&reader->document, value->at, reader->error,
                           "client_auth_type: there is no \"%.40s\": give NoClientCert, RequestClientCert, "
                           "RequireAnyClientCert, VerifyClientCertIfGiven or RequireAndVerifyClientCert",
                           text);
}

static int read_version(struct web_reader *reader, const struct node *value, enum web_tls_version *ret_version)
{
    static const char *const names[] = {
        [WEB_TLS_1_0] = "TLS10", [WEB_TLS_1_1] = "TLS11", [WEB_TLS_1_2] = "TLS12", [WEB_TLS_1_3] = "TLS13"};
    const char *text;
    int r = web_read_text(reader, value, &text);
    if (r < 0)
        return r;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcmp(text, names[i]) == 0) {
            *ret_version = (enum web_tls_version)i;
            return 0;
        }
    return document_refuse(&reader->document, value->at, reader->error,
                           "%s: there is no \"%.40s\": give TLS10, TLS11, TLS12 or TLS13", value->key, text);
}

static int read_min_version(struct web_reader *reader, const struct node *value)
{
    return read_version(reader, value, &reader->config.min_version);
}

static int read_max_version(struct web_reader *reader, const struct node *value)
{
    return read_version(reader, value, &reader->config.max_version);
}

static int read_prefer_server(struct web_reader *reader, const struct node *value)
{
    bool preferred; /* of an order that can only be given with cipher_suites */
    return web_read_bool(reader, value, &preferred);
}

static int check(struct web_reader *reader, const struct node *section)
{
    const struct web_config *config = &reader->config;
    const char *reason = NULL;
    bool verifies =
        config->client_auth == WEB_CLIENT_VERIFY_IF_GIVEN || config->client_auth == WEB_CLIENT_REQUIRE_AND_VERIFY;
    if (config->certificate == NULL || config->key == NULL)
        reason = "needs cert_file and key_file; leave the section out to serve without TLS";
    else if (verifies && config->client_ca == NULL)
        reason = "this client_auth_type needs client_ca_file, which says whose certificates are right";
    else if (config->client_ca != NULL && config->client_auth == WEB_CLIENT_NO_CERT)
        reason = "client_ca_file needs a client_auth_type that asks for certificates, as RequireAndVerifyClientCert";
    else if (config->min_version > config->max_version)
        reason = "min_version is above max_version: no client could connect";
    if (reason != NULL)
        return document_refuse(&reader->document, section->key_at, reader->error, "tls_server_config: %s", reason);
    return 0;
}

int web_read_tls(struct web_reader *reader, const struct node *value)
{
    static const struct web_key keys[] = {
        {"cert_file", read_certificate},
        {"key_file", read_key},
        {"client_ca_file", read_client_ca},
        {"client_auth_type", read_client_auth},
        {"min_version", read_min_version},
        {"max_version", read_max_version},
        {"prefer_server_cipher_suites", read_prefer_server},
        {"cipher_suites", NULL},
        {"curve_preferences", NULL},
        {"client_allowed_sans", NULL},
        {"cert", NULL},
        {"key", NULL},
        {"client_ca", NULL},
    };
    int r = web_read_map(reader, value, "tls_server_config", keys, COUNT_OF(keys));
    if (r == 0)
        r = check(reader, value);
    reader->config.tls = r == 0;
    return r;
}
