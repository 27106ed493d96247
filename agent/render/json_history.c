#include <errno.h>

#include "base/clock.h"
#include "json_add.h"
#include "render/json.h"

#define NS_PER_S 1e9

static bool add_states(cJSON *object, enum protocol protocol, const struct history_sample *sample)
{
    cJSON *states = json_add_object(object, "states");
    for (enum sock_state state = SOCK_ESTABLISHED; state < SOCK_STATE_COUNT; state++) {
        bool shown =
            sock_state_exists(protocol, state) && (state != SOCK_BOUND_INACTIVE || sample->bound_inactive_known);
        if (shown && !json_add_number(states, sock_state_name(state), sample->states[state]))
            return false;
    }
    return states != NULL;
}

static bool add_entered(cJSON *object, const struct history_sample *sample)
{
    const char *key = "time_wait_entered_total";
    return sample->entered_known ? json_add_number(object, key, (double)sample->time_wait_entered_total)
                                 : json_add_null(object, key);
}

static bool add_accept_queue(cJSON *object, const struct history_sample *sample)
{
    if (!sample->listening)
        return json_add_null(object, "accept_queue");
    cJSON *queue = json_add_object(object, "accept_queue");
    return json_add_number(queue, "length", sample->queue_length) &&
           (sample->queue_limit == SOCK_QUEUE_LIMIT_UNKNOWN ? json_add_null(queue, "limit")
                                                            : json_add_number(queue, "limit", sample->queue_limit));
}

int json_history(enum protocol protocol, int64_t step_ns, const struct history_sample *samples, size_t count,
                 struct buf *buf)
{
    cleanup(json_add_freep) cJSON *root = cJSON_CreateObject();
    cJSON *array = NULL;
    if (!json_add_seconds(root, "step_seconds", (double)step_ns / NS_PER_S) ||
        (array = json_add_array(root, "samples")) == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        cJSON *row = json_add_row(array);
        if (!json_add_time_ms(row, "at", samples[i].at_ns) || !add_states(row, protocol, &samples[i]) ||
            !add_entered(row, &samples[i]) || !json_add_text(row, "verdict", verdict_kind_name(samples[i].verdict)) ||
            !add_accept_queue(row, &samples[i]))
            return -ENOMEM;
    }
    return json_add_to_buf(root, buf);
}
