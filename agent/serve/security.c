#include "security.h"

#include <errno.h>
#include <pthread.h>

struct security {
    struct auth *auth; /* owned */
    bool with_tls;
    pthread_mutex_t lock; /* of the pointer, not of what it points to */
    struct tls *tls;      /* a reference; NULL without TLS */
};

static const struct web_config nothing;

static void security_freep(struct security **security)
{
    security_free(*security);
}

int security_new(const struct web_config *web, struct security **ret_security, struct error *error)
{
    cleanup(security_freep) struct security *security = calloc(1, sizeof(*security));
    if (security == NULL)
        return error_set(error, -ENOMEM, "out of memory");
    pthread_mutex_init(&security->lock, NULL);
    security->with_tls = web != NULL && web->tls;
    int r = auth_new(&security->auth);
    if (r < 0)
        return error_set(error, r, "passwords: %s", strerrordesc_np(-r));
    r = security_change(security, web, error);
    if (r == 0)
        *ret_security = steal_ptr(&security);
    return r;
}

void security_free(struct security *security)
{
    if (security == NULL)
        return;
    auth_free(security->auth);
    tls_unref(security->tls);
    pthread_mutex_destroy(&security->lock);
    free(security);
}

int security_change(struct security *security, const struct web_config *web, struct error *error)
{
    if (web == NULL)
        web = &nothing;
    if (web->tls != security->with_tls)
        return error_set(error, -EINVAL, "tls_server_config cannot be %s while tidewait runs: restart it",
                         web->tls ? "added" : "taken away");
    cleanup(tls_unrefp) struct tls *tls = NULL;
    int r = web->tls ? tls_new(web, &tls, error) : 0;
    if (r < 0)
        return r;
    r = auth_set_users(security->auth, web->users, web->user_count);
    if (r < 0)
        return error_set(error, r, "passwords: %s", strerrordesc_np(-r));
    /* The former is dropped at the end. */
    pthread_mutex_lock(&security->lock);
    struct tls *former = security->tls;
    security->tls = tls;
    tls = former;
    pthread_mutex_unlock(&security->lock);
    return 0;
}

bool security_has_tls(const struct security *security)
{
    return security->with_tls;
}

struct tls *security_tls(struct security *security)
{
    pthread_mutex_lock(&security->lock);
    struct tls *tls = security->tls != NULL ? tls_ref(security->tls) : NULL;
    pthread_mutex_unlock(&security->lock);
    return tls;
}

struct auth *security_auth(struct security *security)
{
    return security->auth;
}
