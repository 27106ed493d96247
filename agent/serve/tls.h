/*
 * What the server asks of TLS, as GnuTLS wants it. libmicrohttpd takes one certificate for the life of a daemon; here
 * each connection takes the latest, before its handshake, so that certificates change without a restart.
 */
#pragma once

#include <gnutls/abstract.h>

#include "config/web.h"

/* Immutable, reference-counted: a session uses it until it ends. */
struct tls;

/* Returns 0, one reference of the caller's; -EINVAL with what is wrong with which file; -ENOMEM. */
must_use int tls_new(const struct web_config *web, struct tls **ret_tls, struct error *error);
struct tls *tls_ref(struct tls *tls);
/* Drops one reference; thread-safe. NULL is fine. */
void tls_unref(struct tls *tls);
static inline void tls_unrefp(struct tls **tls)
{
    tls_unref(*tls);
}

/*
 * Makes a session, before its handshake, one of ours: certificate, versions, and what is asked of the client. One that
 * lacks a certificate then, or has a bad one, fails in the handshake: nothing is served to it. When memory lacks the
 * session keeps the certificate it had. It must end before the reference is dropped.
 */
void tls_apply(struct tls *tls, gnutls_session_t session);

/*
 * For MHD_OPTION_HTTPS_CERT_CALLBACK2, without which the library does not start: refuses, so that a session to which
 * nothing was applied fails.
 */
int tls_refuse_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
                           gnutls_pcert_st **ret_certs, unsigned *ret_count, gnutls_ocsp_data_st **ret_ocsp,
                           unsigned *ret_ocsp_count, gnutls_privkey_t *ret_key, unsigned *flags);
