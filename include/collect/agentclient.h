/*
 * Asks a running agent: one GET over plain HTTP/1.1, to an IP address. Nothing is resolved, no redirection followed, no
 * TLS spoken. Leaves no TIME_WAIT behind, on either side.
 */
#pragma once

#include "base/error.h"
#include "model/endpoint.h"

#define AGENTCLIENT_PATH_MAX 128

/* Whom to ask for what. */
struct agentclient_place {
    struct address address;
    uint16_t port;
    char path[AGENTCLIENT_PATH_MAX]; /* with the query, begins with "/" */
};

/*
 * "http://127.0.0.1:10098/readyz"; the address in brackets if it is IPv6, or "localhost", which means 127.0.0.1; the
 * port 80 and the path "/" may be left out. Returns 0 or -EINVAL with a reason that shows the right form.
 */
must_use int agentclient_parse(const char *url, struct agentclient_place *ret_place, struct error *error);

#define AGENTCLIENT_BODY_MAX ((size_t)8 << 20)

struct agentclient_answer {
    unsigned status;
    char *body; /* owned; ends at its first NUL byte */
};
static inline void agentclient_answer_done(struct agentclient_answer *answer)
{
    free(answer->body);
}

/*
 * Returns 0 whatever the status, the answer owned by the caller; or a negative errno with the reason: -ECONNREFUSED
 * when nobody listens, -ETIMEDOUT after timeout_ns in all, -EPROTO for what is no HTTP answer with a Content-Length of
 * at most AGENTCLIENT_BODY_MAX.
 */
must_use int agentclient_get(const struct agentclient_place *place, int64_t timeout_ns,
                             struct agentclient_answer *ret_answer, struct error *error);
