/*
 * Adds a value to a cJSON object under a key; false when memory lacks. The object may be NULL, which is what a failed
 * json_add_object() gives: then nothing happens and the answer is false, so that calls chain with &&.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

static inline void json_add_freep(cJSON **json)
{
    cJSON_Delete(*json);
}

/* Any bytes: repaired to UTF-8. */
bool json_add_text(cJSON *object, const char *key, const char *text);
/* The same; "" becomes null. */
bool json_add_text_or_null(cJSON *object, const char *key, const char *text);
bool json_add_bool(cJSON *object, const char *key, bool value);
bool json_add_null(cJSON *object, const char *key);
/* Exact up to 2^53. */
bool json_add_number(cJSON *object, const char *key, double value);
/* Rounded to the millisecond. */
bool json_add_seconds(cJSON *object, const char *key, double seconds);
/* RFC 3339, from nanoseconds since 1970. */
bool json_add_time(cJSON *object, const char *key, int64_t realtime_ns);
/* The same with milliseconds: of what is sampled more often than once a second. */
bool json_add_time_ms(cJSON *object, const char *key, int64_t realtime_ns);

/* Constants in ASCII up to NULL, as an array of texts. */
bool json_add_words(cJSON *object, const char *key, const char *const words[]);

/* An empty one, owned by the object; NULL when memory lacks. */
cJSON *json_add_object(cJSON *object, const char *key);
cJSON *json_add_array(cJSON *object, const char *key);
/* An empty object at the end of the array. */
cJSON *json_add_row(cJSON *array);

/* Appends the object, compact, and a newline. Returns 0, -ENOMEM, or the failure of buf. */
must_use int json_add_to_buf(const cJSON *object, struct buf *buf);
