/*
 * What --web.config.file says: TLS, and who may ask. The file is that of Prometheus' exporter-toolkit,
 * https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
 * What it can say and tidewait does not do is refused, unless leaving it out is as safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/file.h"

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
    char *hash; /* owned; crypt(5), bcrypt of a cost that takes less than two seconds */
};

struct web_config {
    bool tls;
    char *certificate; /* owned; PEM, the whole chain */
    char *key;         /* owned; PEM */
    char *client_ca;   /* owned; PEM; not NULL when client_auth verifies */
    enum web_client_auth client_auth;
    enum web_tls_version min_version;
    enum web_tls_version max_version;
    struct web_user *users; /* owned; none: nobody has to say who he is */
    size_t user_count;
};

#define WEB_SOURCES_MAX 4 /* the file itself, certificate, key, client_ca */

/* The files that a web config was made from, as they were just before. */
struct web_sources {
    struct {
        char *path; /* owned */
        struct file_stamp stamp;
    } items[WEB_SOURCES_MAX];
    size_t count;
};

/*
 * Returns 0, the config owned by the caller; -ENOMEM; or another negative errno with file, line and reason. sources
 * becomes the files that were looked at, whatever is returned, so that a wrong one is seen to be mended.
 */
must_use int web_config_load(const char *path, struct web_sources *sources, struct web_config *ret_config,
                             struct error *error);
/* Wipes the secrets before it frees them. */
void web_config_done(struct web_config *config);

/*
 * True when one of the files is not what it was, and has been left alone for a second: whoever writes it has finished
 * by then. One stat() each. now_ns: CLOCK_REALTIME.
 */
bool web_sources_have_changed(const struct web_sources *sources, int64_t now_ns);
void web_sources_done(struct web_sources *sources);
