/*
 * Strict readers of what a user typed: the whole text or nothing, no sign, no space, no locale.
 * Each returns 0, -EINVAL (not of the form) or -ERANGE (of the form, but too large; 0 %).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

/* Decimal digits only; at most max. */
must_use int parse_uint(const char *text, uint64_t max, uint64_t *ret_value);

/* As in Prometheus: numbers with units y w d h m s ms, the larger first, each at most once ("1h30m", "500ms"), or "0".
 */
must_use int parse_duration(const char *text, int64_t *ret_ns);

/* "1%" or "0.5%": a share of one, 0 < share <= 1. */
must_use int parse_percent(const char *text, double *ret_share);

/* "true" or "false". */
must_use int parse_bool(const char *text, bool *ret_value);

/* A time as clock_rfc3339() and clock_rfc3339_ms() write it, in nanoseconds since 1970. */
must_use int parse_time(const char *text, int64_t *ret_ns);
