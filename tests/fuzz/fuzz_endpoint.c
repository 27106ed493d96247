/* What a user types as an endpoint: what is accepted is written in a form that means the same. */
#undef NDEBUG
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "model/endpoint.h"

#define TEXT_MAX 512

static void check_round_trip(const struct endpoint *endpoint)
{
    char text[ENDPOINT_TEXT_MAX];
    endpoint_format(endpoint, text);
    struct endpoint_range again;
    assert(endpoint_parse(text, &again, NULL) == 0);
    assert(endpoint_equal(&again.first, endpoint));
    assert(again.last_port == endpoint->port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_MAX + 1] = "";
    memcpy(text, data, size < TEXT_MAX ? size : TEXT_MAX);

    struct endpoint_range range;
    struct error error = {""};
    if (endpoint_parse(text, &range, &error) < 0) {
        assert(error.text[0] == '"' && strstr(error.text, " as ") != NULL);
        for (const char *byte = error.text; *byte != '\0'; byte++)
            assert(*byte >= ' ' && *byte <= '~');
        return 0;
    }
    assert(range.first.port > 0 && range.first.port <= range.last_port);
    check_round_trip(&range.first);
    return 0;
}
