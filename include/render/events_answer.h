/* What an agent answered under /api/v1/events, read again: not trusted, for anybody may listen on its port. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct events_answer_event {
    uint64_t id;
    int64_t at_ns; /* CLOCK_REALTIME of the agent */
    char *text;    /* owned; any bytes */
    char *json;    /* owned; the whole event as one compact object, without a newline */
};

#define EVENTS_ANSWER_INSTANCE_MAX 32

struct events_answer {
    char instance[EVENTS_ANSWER_INSTANCE_MAX]; /* of the agent's life: another after it was restarted */
    struct events_answer_event *events;        /* owned; by id */
    size_t count;
};

/*
 * bytes: NUL-terminated. Returns 0, the answer owned by the caller; -EINVAL when it is no such answer; -ENOMEM.
 */
must_use int events_answer_read(const char *bytes, struct events_answer *ret_answer);
void events_answer_done(struct events_answer *answer);
