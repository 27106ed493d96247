/* Any text as an error message: what is found in it is an endpoint that could have been typed. */
#undef NDEBUG
#include <assert.h>

#include "fuzz.h"
#include "model/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct message message;
    message_read((const char *)data, size, &message);

    assert(message.trouble <= MESSAGE_DENIED);
    assert(!message.outgoing || message.trouble != MESSAGE_UNKNOWN);
    if (!message.has_endpoint)
        return 0;
    char text[ENDPOINT_TEXT_MAX];
    endpoint_format(&message.endpoint, text);
    struct endpoint_range again;
    assert(endpoint_parse(text, &again, NULL) == 0);
    assert(endpoint_equal(&again.first, &message.endpoint));
    return 0;
}
