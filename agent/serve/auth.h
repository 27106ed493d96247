/*
 * Who may ask: the names and bcrypt hashes of the web configuration. A password that was right is remembered as a keyed
 * hash, under a key that nobody else ever has, and costs microseconds from then on; wrong ones are spaced (attempts.h),
 * so that somebody who is remembered never waits for more than one of them. Thread-safe.
 */
#pragma once

#include "config/web.h"
#include "model/endpoint.h"

struct auth;

enum auth_verdict {
    AUTH_GRANTED,
    AUTH_REFUSED,
    AUTH_LATER, /* wrong ones came before: not looked at now */
};

/* No users yet: everybody may ask. Returns 0, -ENOMEM, or -EIO when there is no randomness for the key. */
must_use int auth_new(struct auth **ret_auth);
void auth_free(struct auth *auth);
static inline void auth_freep(struct auth **auth)
{
    auth_free(*auth);
}

/* From now on these, copied; who stays as he was stays remembered. Returns 0, or -ENOMEM: then nothing has changed. */
must_use int auth_set_users(struct auth *auth, const struct web_user *users, size_t user_count);

/*
 * authorization: the value of the header, NULL without one; client: the address it came from. An unknown name costs as
 * much as a wrong password: that of the first user.
 */
enum auth_verdict auth_check(struct auth *auth, const char *authorization, const struct address *client);
