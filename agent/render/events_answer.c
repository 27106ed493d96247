#include "render/events_answer.h"

#include <errno.h>
#include <stdio.h>

#include "base/parse.h"
#include "json_add.h"

/* 2^53: up to here a JSON number is exact. */
#define NUMBER_MAX 9007199254740992.0

static int read_text(const cJSON *object, const char *key, const char **ret_text)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    if (text == NULL)
        return -EINVAL;
    *ret_text = text;
    return 0;
}

static int read_id(const cJSON *object, uint64_t above, uint64_t *ret_id)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, "id");
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= 1 && number->valuedouble < NUMBER_MAX))
        return -EINVAL;
    uint64_t id = (uint64_t)number->valuedouble;
    if (id <= above)
        return -EINVAL;
    *ret_id = id;
    return 0;
}

static int read_event(const cJSON *object, uint64_t above, struct events_answer_event *ret_event)
{
    struct events_answer_event event = {0};
    const char *at = NULL;
    const char *text = NULL;
    if (read_id(object, above, &event.id) < 0 || read_text(object, "at", &at) < 0 || parse_time(at, &event.at_ns) < 0 ||
        read_text(object, "text", &text) < 0)
        return -EINVAL;
    event.text = strdup(text);
    event.json = cJSON_PrintUnformatted(object);
    *ret_event = event;
    return event.text != NULL && event.json != NULL ? 0 : -ENOMEM;
}

static int read_events(const cJSON *array, struct events_answer *answer)
{
    if (!cJSON_IsArray(array))
        return -EINVAL;
    answer->events = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof(*answer->events));
    if (answer->events == NULL)
        return -ENOMEM;
    uint64_t last_id = 0;
    const cJSON *object = NULL;
    cJSON_ArrayForEach(object, array)
    {
        struct events_answer_event *event = &answer->events[answer->count];
        int r = read_event(object, last_id, event);
        if (r == -EINVAL)
            return r;
        answer->count++;
        if (r < 0)
            return r;
        last_id = event->id;
    }
    return 0;
}

int events_answer_read(const char *bytes, struct events_answer *ret_answer)
{
    cleanup(json_add_freep) cJSON *root = cJSON_ParseWithOpts(bytes, NULL, true);
    cleanup(events_answer_done) struct events_answer answer = {0};
    const char *instance = NULL;
    if (root == NULL || read_text(root, "instance", &instance) < 0 || strlen(instance) >= sizeof(answer.instance))
        return -EINVAL;
    (void)snprintf(answer.instance, sizeof(answer.instance), "%s", instance);
    int r = read_events(cJSON_GetObjectItemCaseSensitive(root, "events"), &answer);
    if (r < 0)
        return r;
    *ret_answer = answer;
    answer = (struct events_answer){0};
    return 0;
}

void events_answer_done(struct events_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        free(answer->events[i].text);
        cJSON_free(answer->events[i].json);
    }
    free(answer->events);
    *answer = (struct events_answer){0};
}
