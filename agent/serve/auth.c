#include "auth.h"

#include <crypt.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <pthread.h>

#include "attempts.h"
#include "base/clock.h"
#include "credentials.h"

#define DIGEST GNUTLS_MAC_SHA256
#define DIGEST_BYTES 32

struct user {
    struct web_user web; /* owned */
    bool remembered;
    unsigned char digest[DIGEST_BYTES]; /* of the password that was right */
};

struct auth {
    unsigned char key[DIGEST_BYTES];
    pthread_mutex_t lock; /* of all below; held while a hash is made, so that there is one at a time */
    struct user *users;   /* owned */
    size_t user_count;
    struct attempts attempts;
    struct crypt_data scratch; /* 32 KiB: too much for the stack of a thread */
};

static void users_free(struct user *users, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(users[i].web.name);
        free(users[i].web.hash);
    }
    free(users);
}

int auth_new(struct auth **ret_auth)
{
    cleanup(cleanup_free) struct auth *auth = calloc(1, sizeof(*auth));
    if (auth == NULL)
        return -ENOMEM;
    if (gnutls_rnd(GNUTLS_RND_KEY, auth->key, sizeof(auth->key)) < 0)
        return -EIO;
    pthread_mutex_init(&auth->lock, NULL);
    *ret_auth = steal_ptr(&auth);
    return 0;
}

void auth_free(struct auth *auth)
{
    if (auth == NULL)
        return;
    users_free(auth->users, auth->user_count);
    pthread_mutex_destroy(&auth->lock);
    gnutls_memset(auth, 0, sizeof(*auth));
    free(auth);
}

static struct user *find(const struct auth *auth, const char *name)
{
    for (size_t i = 0; i < auth->user_count; i++)
        if (strcmp(auth->users[i].web.name, name) == 0)
            return &auth->users[i];
    return NULL;
}

/* What was remembered of the same name with the same hash comes along. */
static bool copy_user(const struct auth *auth, const struct web_user *web, struct user *ret_user)
{
    const struct user *former = find(auth, web->name);
    if (former != NULL && strcmp(former->web.hash, web->hash) == 0)
        *ret_user = *former;
    ret_user->web = (struct web_user){.name = strdup(web->name), .hash = strdup(web->hash)};
    return ret_user->web.name != NULL && ret_user->web.hash != NULL;
}

int auth_set_users(struct auth *auth, const struct web_user *users, size_t user_count)
{
    struct user *copies = calloc(user_count + 1, sizeof(*copies));
    if (copies == NULL)
        return -ENOMEM;
    pthread_mutex_lock(&auth->lock);
    bool complete = true;
    for (size_t i = 0; complete && i < user_count; i++)
        complete = copy_user(auth, &users[i], &copies[i]);
    struct user *dropped = complete ? auth->users : copies;
    size_t dropped_count = complete ? auth->user_count : user_count;
    if (complete) {
        auth->users = copies;
        auth->user_count = user_count;
    }
    pthread_mutex_unlock(&auth->lock);
    users_free(dropped, dropped_count);
    return complete ? 0 : -ENOMEM;
}

static bool is_right(struct auth *auth, const char *hash, const char *password)
{
    const char *made = crypt_r(password, hash, &auth->scratch);
    size_t length = strlen(hash);
    return made != NULL && strlen(made) == length && gnutls_memcmp(made, hash, length) == 0;
}

static enum auth_verdict judge(struct auth *auth, const struct credentials *credentials, const struct address *client)
{
    struct user *user = find(auth, credentials->user);
    unsigned char digest[DIGEST_BYTES];
    if (gnutls_hmac_fast(DIGEST, auth->key, sizeof(auth->key), credentials->password, strlen(credentials->password),
                         digest) < 0)
        return AUTH_LATER;
    if (user != NULL && user->remembered && gnutls_memcmp(user->digest, digest, sizeof(digest)) == 0)
        return AUTH_GRANTED;

    if (!attempts_allowed(&auth->attempts, client, clock_monotonic_ns()))
        return AUTH_LATER;
    int64_t cpu_before_ns = clock_thread_cpu_ns();
    bool right = is_right(auth, (user != NULL ? user : auth->users)->web.hash, credentials->password);
    if (right && user != NULL) {
        user->remembered = true;
        memcpy(user->digest, digest, sizeof(digest));
        return AUTH_GRANTED;
    }
    attempts_failed(&auth->attempts, client, clock_monotonic_ns(), clock_thread_cpu_ns() - cpu_before_ns);
    return AUTH_REFUSED;
}

enum auth_verdict auth_check(struct auth *auth, const char *authorization, const struct address *client)
{
    cleanup(credentials_done) struct credentials credentials;
    bool readable = credentials_parse(authorization, &credentials) == 0;
    pthread_mutex_lock(&auth->lock);
    enum auth_verdict verdict = AUTH_REFUSED;
    if (auth->user_count == 0)
        verdict = AUTH_GRANTED;
    else if (readable)
        verdict = judge(auth, &credentials, client);
    pthread_mutex_unlock(&auth->lock);
    return verdict;
}
