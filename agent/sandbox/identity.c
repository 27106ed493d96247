#include "identity.h"

#include <errno.h>
#include <pwd.h>

#include "base/parse.h"

#define ENTRY_MAX 16384
/* The number above it means "no change" to setresuid(2). */
#define ID_MAX (UINT32_MAX - 1)

int identity_of(const char *user, struct identity *ret_identity, struct error *error)
{
    uint64_t number;
    if (parse_uint(user, ID_MAX, &number) == 0) {
        *ret_identity = (struct identity){.uid = (uid_t)number, .gid = (gid_t)number};
        return 0;
    }
    char strings[ENTRY_MAX];
    struct passwd entry;
    struct passwd *found = NULL;
    int failure = getpwnam_r(user, &entry, strings, sizeof(strings), &found);
    if (found != NULL) {
        *ret_identity = (struct identity){.uid = found->pw_uid, .gid = found->pw_gid};
        return 0;
    }
    /* Which errno an absent entry or database yields differs (getpwnam(3)). */
    if (failure == EIO || failure == ENOMEM || failure == EMFILE || failure == ENFILE || failure == ERANGE)
        return error_set(error, -failure, "cannot look up the user \"%.40s\": %s", user, strerror(failure));
    return error_set(error, -EINVAL, "the user \"%.40s\" is unknown: give one of this machine, or a number", user);
}
