/*
 * What --web.config.file says: TLS, and who may ask. The file is that of Prometheus' exporter-toolkit,
 * https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* How a client shows who it is; exporter-toolkit's client_auth_type. */
enum web_client_auth {
    WEB_CLIENT_NO_CERT,
    WEB_CLIENT_REQUEST,            /* asked for, not looked at */
    WEB_CLIENT_REQUIRE_ANY,        /* there must be one */
    WEB_CLIENT_VERIFY_IF_GIVEN,    /* if there is one, client_ca must have signed it */
    WEB_CLIENT_REQUIRE_AND_VERIFY, /* there must be one that client_ca has signed */
};

enum web_tls_version { WEB_TLS_1_0, WEB_TLS_1_1, WEB_TLS_1_2, WEB_TLS_1_3 };

struct web_user {
    char *name; /* owned */
    char *hash; /* owned; crypt(5), bcrypt */
};

struct web_config {
    bool tls;
    char *certificate; /* owned; PEM, the whole chain */
    char *key;         /* owned; PEM */
    char *client_ca;   /* owned; PEM; NULL: none */
    enum web_client_auth client_auth;
    enum web_tls_version min_version;
    enum web_tls_version max_version;
    struct web_user *users; /* owned; none: nobody has to say who he is */
    size_t user_count;
    struct web_source *sources; /* owned; the files it was made from, as they were */
    size_t source_count;
};

/* Returns 0, the config owned by the caller; -EINVAL or another negative errno with file, line and reason. */
must_use int web_config_load(const char *path, struct web_config *ret_config, struct error *error);
void web_config_done(struct web_config *config);

/* True when one of the files it was made from is not what it was; one stat() each. */
bool web_config_is_outdated(const struct web_config *config);
