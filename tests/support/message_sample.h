/* What programs print, word by word, and what is to be read in it. Include after <cmocka.h>. */
#pragma once

#include <string.h>

#include "model/message.h"

#define MESSAGE_SAMPLE_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* endpoint: "" when none is named. */
struct message_sample {
    const char *text;
    enum message_trouble trouble;
    const char *endpoint;
    bool outgoing;
};

static inline bool message_sample_is_read(const struct message_sample *sample)
{
    struct message message;
    message_read(sample->text, strlen(sample->text), &message);
    char endpoint[ENDPOINT_TEXT_MAX] = "";
    if (message.has_endpoint)
        endpoint_format(&message.endpoint, endpoint);
    if (message.trouble == sample->trouble && strcmp(endpoint, sample->endpoint) == 0 &&
        message.outgoing == sample->outgoing)
        return true;
    print_error("%s\n  read as \"%s\", trouble %d, outgoing %d\n", sample->text, endpoint, message.trouble,
                message.outgoing);
    return false;
}

/* Fails after the last of them when one is read otherwise. */
static inline void message_sample_check_all(const struct message_sample *samples, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++)
        wrong += !message_sample_is_read(&samples[i]);
    assert_int_equal(wrong, 0);
}
