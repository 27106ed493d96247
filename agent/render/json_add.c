#include "json_add.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "view.h"

/* Each byte that is repaired becomes the three bytes of U+FFFD. */
#define REPAIRED_FACTOR 3

bool json_add_text(cJSON *object, const char *key, const char *text)
{
    size_t length = strlen(text);
    cleanup(buf_done) struct buf repaired;
    buf_init(&repaired, REPAIRED_FACTOR * length + 1);
    utf8_repair(&repaired, text, length);
    if (repaired.failure != 0)
        return false;
    return cJSON_AddStringToObject(object, key, repaired.length > 0 ? repaired.data : "") != NULL;
}

bool json_add_text_or_null(cJSON *object, const char *key, const char *text)
{
    return *text == '\0' ? json_add_null(object, key) : json_add_text(object, key, text);
}

bool json_add_bool(cJSON *object, const char *key, bool value)
{
    return cJSON_AddBoolToObject(object, key, value) != NULL;
}

bool json_add_null(cJSON *object, const char *key)
{
    return cJSON_AddNullToObject(object, key) != NULL;
}

bool json_add_number(cJSON *object, const char *key, double value)
{
    return cJSON_AddNumberToObject(object, key, value) != NULL;
}

bool json_add_seconds(cJSON *object, const char *key, double seconds)
{
    return json_add_number(object, key, (double)view_milliseconds(seconds) / 1000);
}

bool json_add_time(cJSON *object, const char *key, int64_t realtime_ns)
{
    char text[CLOCK_TEXT_MAX];
    clock_rfc3339(realtime_ns, text);
    return json_add_text(object, key, text);
}

bool json_add_time_ms(cJSON *object, const char *key, int64_t realtime_ns)
{
    char text[CLOCK_TEXT_MAX];
    clock_rfc3339_ms(realtime_ns, text);
    return json_add_text(object, key, text);
}

bool json_add_words(cJSON *object, const char *key, const char *const words[])
{
    cJSON *array = json_add_array(object, key);
    for (size_t i = 0; array != NULL && words[i] != NULL; i++)
        if (!cJSON_AddItemToArray(array, cJSON_CreateString(words[i])))
            return false;
    return array != NULL;
}

cJSON *json_add_object(cJSON *object, const char *key)
{
    return cJSON_AddObjectToObject(object, key);
}

cJSON *json_add_array(cJSON *object, const char *key)
{
    return cJSON_AddArrayToObject(object, key);
}

cJSON *json_add_row(cJSON *array)
{
    cleanup(json_add_freep) cJSON *row = cJSON_CreateObject();
    if (row == NULL || !cJSON_AddItemToArray(array, row))
        return NULL;
    return steal_ptr(&row);
}

int json_add_to_buf(const cJSON *object, struct buf *buf)
{
    char *text = cJSON_PrintUnformatted(object);
    if (text == NULL)
        return -ENOMEM;
    buf_printf(buf, "%s\n", text);
    cJSON_free(text);
    return buf->failure;
}
