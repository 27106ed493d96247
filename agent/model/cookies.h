/*
 * An exact set of socket cookies. The kernel hands cookies out in dense runs, so a page of bits costs about one bit a
 * socket; lone cookies cost a few bytes. Bounded.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct cookies;

/* An empty set that never takes more than limit_bytes. */
must_use int cookies_new(size_t limit_bytes, struct cookies **ret_cookies);
void cookies_free(struct cookies *cookies);
static inline void cookies_freep(struct cookies **cookies)
{
    cookies_free(*cookies);
}

/* Empties it, and gives memory back that the last filling did not need. */
void cookies_clear(struct cookies *cookies);

bool cookies_has(const struct cookies *cookies, uint64_t cookie);

/* Returns 1 when it was not in yet, 0 when it was, -ENOSPC beyond the limit, or -ENOMEM; then it is not in. */
must_use int cookies_add(struct cookies *cookies, uint64_t cookie);

/* Bytes in use. */
size_t cookies_size(const struct cookies *cookies);
