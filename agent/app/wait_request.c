#include "wait_request.h"

#include <string.h>

#include "argument.h"
#include "base/clock.h"
#include "base/parse.h"
#include "command.h"

#define DEFAULT_TIMEOUT_NS (120 * CLOCK_NS_PER_S)

static int read_timeout(struct wait_request *request, const char *value)
{
    if (value == NULL)
        return command_usage_error("--timeout needs a value, as in --timeout 30s");
    if (parse_duration(value, &request->timeout_ns) < 0)
        return command_usage_error("--timeout: \"%.40s\" is not a duration: give one as in 500ms, 30s or 2m", value);
    return EXIT_FREE;
}

static int read_goal(struct wait_request *request, const char *value)
{
    if (value == NULL)
        return command_usage_error("--for needs a value, as in --for listening");
    if (strcmp(value, "free") != 0 && strcmp(value, "listening") != 0)
        return command_usage_error("--for: \"%.40s\" cannot be waited for: give free or listening", value);
    request->goal = strcmp(value, "free") == 0 ? WAIT_FOR_FREE : WAIT_FOR_LISTENING;
    return EXIT_FREE;
}

static int read_argument(char **argv, int *at, struct wait_request *request)
{
    struct error error;
    const char *value;
    const char *argument = argv[*at];
    if (argument_has_value(argv, at, "--timeout", &value))
        return read_timeout(request, value);
    if (argument_has_value(argv, at, "--for", &value))
        return read_goal(request, value);
    if (argument_has_value(argv, at, "--netns", &value))
        return netns_argument_set(&request->netns, value);
    if (strcmp(argument, "--reuseaddr") == 0)
        request->reuseaddr = true;
    else if (strcmp(argument, "--json") == 0)
        request->json = true;
    else if (strcmp(argument, "-v") == 0)
        request->verbose = true;
    else if (argument[0] == '-')
        return command_usage_error("wait has no flag \"%.40s\"; `tidewait help wait` lists those there are", argument);
    else
        return command_refuse(endpoints_add(&request->endpoints, argument, &error), &error);
    return EXIT_FREE;
}

int wait_request_read(int argc, char **argv, struct wait_request *request)
{
    *request = (struct wait_request){.timeout_ns = DEFAULT_TIMEOUT_NS};
    for (int at = 1; at < argc; at++) {
        int code = read_argument(argv, &at, request);
        if (code != EXIT_FREE)
            return code;
    }
    if (request->endpoints.count == 0)
        return command_usage_error("wait needs an endpoint, as in `tidewait wait 8080`");
    for (size_t i = 0; request->reuseaddr && i < request->endpoints.count; i++)
        if (request->endpoints.items[i].protocol == PROTOCOL_UDP)
            return command_usage_error("--reuseaddr goes with TCP only: with UDP it would share the port, and take its "
                                       "datagrams");
    if (request->reuseaddr && request->goal == WAIT_FOR_LISTENING)
        return command_usage_error("--reuseaddr goes with --for free only");
    return EXIT_FREE;
}

void wait_request_done(struct wait_request *request)
{
    endpoints_done(&request->endpoints);
}
