/*
 * The reason of a failure, in words, on its way from where it happened to whoever tells the user.
 * Functions return 0 or a negative errno; those that can say more than the errno also take a struct error.
 */
#pragma once

#include "base/cleanup.h"

#define ERROR_TEXT_MAX 320

struct error {
    char text[ERROR_TEXT_MAX]; /* one line without a final newline, valid UTF-8 where the input was */
};

/*
 * Writes the reason, cut to fit, and returns code, so that `return error_set(error, -EINVAL, "…")` reads as one
 * step. error may be NULL: then only the code travels.
 */
int error_set(struct error *error, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the reason that is already there; error may be NULL. */
void error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
