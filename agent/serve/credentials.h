/* A name and a password as a client sends them: the Authorization header of basic authentication, RFC 7617. */
#pragma once

#include "base/cleanup.h"

/* As much as crypt(3) takes of a password (CRYPT_MAX_PASSPHRASE_SIZE), and plenty for a name. */
#define CREDENTIALS_PART_MAX 512

/* Bytes as they came: UTF-8 when the client heeds our charset. */
struct credentials {
    char user[CREDENTIALS_PART_MAX + 1];
    char password[CREDENTIALS_PART_MAX + 1];
};

/*
 * Reads the value of the header; NULL: there is none. Returns 0, or -EINVAL when it is not basic authentication, not
 * base64, lacks the colon, is too long, or holds a control character, NUL among them (RFC 7617, section 2).
 */
must_use int credentials_parse(const char *authorization, struct credentials *ret_credentials);
/* Wipes them. */
void credentials_done(struct credentials *credentials);
