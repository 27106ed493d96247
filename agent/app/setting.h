/*
 * The forms that the value of a setting can have, and how they are told wrong. Each function returns 0, -EINVAL with a
 * reason that shows the right form, or -ENOMEM.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

must_use int setting_bool(const char *value, bool *ret_value, struct error *error);
/* form: the bounds as a user would write them. */
must_use int setting_duration(const char *value, int64_t least_ns, int64_t most_ns, const char *form, int64_t *ret_ns,
                              struct error *error);
/* 1 to most. what: what is counted, in the plural. */
must_use int setting_count(const char *value, uint64_t most, const char *what, size_t *ret_count, struct error *error);
/* Replaces the owned text. */
must_use int setting_text(const char *value, char **text);
/* Adds to the owned list of owned texts. */
must_use int setting_add_text(const char *value, char ***list, size_t *count);

/* NULL is equal to NULL only. */
bool setting_same_text(const char *left, const char *right);
bool setting_same_list(char *const *left, size_t left_count, char *const *right, size_t right_count);
