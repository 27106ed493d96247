#include "credentials.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdint.h>
#include <strings.h>

static const char scheme[] = "Basic ";
#define SCHEME_LENGTH (sizeof(scheme) - 1)

static bool is_printable(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < 0x20 || bytes[i] == 0x7f)
            return false;
    return true;
}

/* "user:password"; the user has no colon. */
static int split(const gnutls_datum_t *pair, struct credentials *ret_credentials)
{
    const unsigned char *colon = memchr(pair->data, ':', pair->size);
    if (colon == NULL || !is_printable(pair->data, pair->size))
        return -EINVAL;
    size_t user_length = (size_t)(colon - pair->data);
    size_t password_length = pair->size - user_length - 1;
    if (user_length > CREDENTIALS_PART_MAX || password_length > CREDENTIALS_PART_MAX)
        return -EINVAL;
    *ret_credentials = (struct credentials){0};
    memcpy(ret_credentials->user, pair->data, user_length);
    memcpy(ret_credentials->password, colon + 1, password_length);
    return 0;
}

int credentials_parse(const char *authorization, struct credentials *ret_credentials)
{
    if (authorization == NULL || strncasecmp(authorization, scheme, SCHEME_LENGTH) != 0)
        return -EINVAL;
    const char *text = authorization + SCHEME_LENGTH;
    text += strspn(text, " ");
    /* The library asks for a pointer that it could write through, but only reads. */
    gnutls_datum_t encoded = {.data = (unsigned char *)(uintptr_t)text, .size = (unsigned)strlen(text)};
    gnutls_datum_t pair = {0};
    if (gnutls_base64_decode2(&encoded, &pair) < 0)
        return -EINVAL;
    int r = pair.data == NULL ? -EINVAL : split(&pair, ret_credentials);
    if (pair.data != NULL)
        gnutls_memset(pair.data, 0, pair.size);
    gnutls_free(pair.data);
    return r;
}

void credentials_done(struct credentials *credentials)
{
    gnutls_memset(credentials, 0, sizeof(*credentials));
}
