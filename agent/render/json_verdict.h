/* The verdict as JSON: one object, wherever it is shown. */
#pragma once

#include "json_add.h"
#include "model/verdict.h"

/* Adds the keys of the verdict to an object; taken_at_ns: CLOCK_REALTIME of the evidence. False when memory lacks. */
bool json_verdict_add(cJSON *object, const struct verdict *verdict, const char *netns, int64_t taken_at_ns);
/* Adds "explanation" and "remedies". */
bool json_verdict_add_advice(cJSON *object, const char *explanation, const struct remedy *remedies, size_t count);
/* Appends an object with pid, process, uid, unit …; NULL when memory lacks. */
cJSON *json_verdict_add_owner(cJSON *array, const struct owner *owner);
