/* A blocking client that speaks TLS, for the tests of this layer; trusts nobody and believes everybody. */
#pragma once

#include <gnutls/x509.h>

#include "client.h"

struct tls_client {
    int fd;
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
};

/* Returns 0, or -1 when the handshake fails. */
static inline int tls_client_open(uint16_t port, struct tls_client *ret_client)
{
    *ret_client = (struct tls_client){.fd = client_open(port)};
    assert_int_equal(gnutls_certificate_allocate_credentials(&ret_client->credentials), 0);
    assert_int_equal(gnutls_init(&ret_client->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL), 0);
    assert_int_equal(gnutls_set_default_priority(ret_client->session), 0);
    assert_int_equal(gnutls_credentials_set(ret_client->session, GNUTLS_CRD_CERTIFICATE, ret_client->credentials), 0);
    gnutls_transport_set_int(ret_client->session, ret_client->fd);
    int r;
    do
        r = gnutls_handshake(ret_client->session);
    while (r < 0 && gnutls_error_is_fatal(r) == 0);
    return r < 0 ? -1 : 0;
}

static inline void tls_client_done(struct tls_client *client)
{
    gnutls_deinit(client->session);
    gnutls_certificate_free_credentials(client->credentials);
    close(client->fd);
}

/* The common name in the certificate of the server. */
static inline void tls_client_server_name(const struct tls_client *client, char *ret_name, size_t size)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(client->session, &count);
    gnutls_x509_crt_t certificate = NULL;
    assert_int_equal(gnutls_x509_crt_init(&certificate), 0);
    assert_int_equal(gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER), 0);
    assert_int_equal(gnutls_x509_crt_get_dn_by_oid(certificate, GNUTLS_OID_X520_COMMON_NAME, 0, 0, ret_name, &size), 0);
    gnutls_x509_crt_deinit(certificate);
}

/* One request over the connection, which stays open if the server keeps it so. Returns the status, -1 without one. */
static inline int tls_client_ask(struct tls_client *client, const char *target, struct client_reply *ret_reply)
{
    char request[256];
    int length = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    buf_init(&ret_reply->head, CLIENT_BYTES_MAX);
    buf_init(&ret_reply->body, CLIENT_BYTES_MAX);
    if (gnutls_record_send(client->session, request, (size_t)length) != length)
        return -1;
    char byte = 0;
    while (ret_reply->head.length == 0 || strstr(ret_reply->head.data, "\r\n\r\n") == NULL) {
        if (gnutls_record_recv(client->session, &byte, 1) != 1)
            return -1;
        buf_add_char(&ret_reply->head, byte);
    }
    assert_int_equal(sscanf(ret_reply->head.data, "HTTP/1.1 %d", &ret_reply->status), 1);
    for (size_t left = client_content_length(ret_reply); left > 0; left--) {
        if (gnutls_record_recv(client->session, &byte, 1) != 1)
            return -1;
        buf_add_char(&ret_reply->body, byte);
    }
    return ret_reply->status;
}
