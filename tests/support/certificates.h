/* Keys and certificates for tests, made when they are asked for: ECDSA, one hour. */
#pragma once

enum certificate_kind { CERTIFICATE_CA, CERTIFICATE_SERVER, CERTIFICATE_CLIENT };

/* PEM; owned. */
struct certificate {
    char *certificate;
    char *key;
};

/* Signed by issuer, or by itself when that is NULL; a server's is for localhost and 127.0.0.1. */
struct certificate certificate_make(enum certificate_kind kind, const char *name, const struct certificate *issuer);
void certificate_done(struct certificate *certificate);
