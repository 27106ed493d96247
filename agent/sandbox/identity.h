/* A user of this machine, as typed. */
#pragma once

#include <sys/types.h>

#include "base/error.h"

struct identity {
    uid_t uid;
    gid_t gid;
};

/*
 * A name, from the user database, with its primary group; or a number, which need not be in there: its group is the
 * same number. Returns 0, -EINVAL with the reason (unknown), or another negative errno (the database cannot be read).
 */
must_use int identity_of(const char *user, struct identity *ret_identity, struct error *error);
