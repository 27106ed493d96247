#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent_memory.h"
#include "argument.h"
#include "base/clock.h"
#include "cmd_exhaustion.h"
#include "command.h"
#include "endpoints.h"
#include "inquiry.h"
#include "netns_argument.h"
#include "output.h"
#include "render/json.h"
#include "render/text.h"
#include "troubles.h"

/* What was asked for. */
struct request {
    struct endpoints endpoints;
    const char *message; /* NULL: none */
    bool exhaustion;     /* about source ports towards the endpoint, if there is one */
    bool json;
    bool reuseaddr;
    struct netns_argument netns;
    int home; /* owned: as netns_argument_home() has it */
};

static void request_done(struct request *request)
{
    endpoints_done(&request->endpoints);
    cleanup_close(&request->home);
}

static int read_flag(char **argv, int *at, struct request *request)
{
    const char *flag = argv[*at];
    const char *value;
    if (strcmp(flag, "--json") == 0)
        request->json = true;
    else if (strcmp(flag, "--reuseaddr") == 0)
        request->reuseaddr = true;
    else if (strcmp(flag, "--exhaustion") == 0)
        request->exhaustion = true;
    else if (argument_has_value(argv, at, "--netns", &value))
        return netns_argument_set(&request->netns, value);
    else if (!argument_has_value(argv, at, "--message", &request->message))
        return command_usage_error("why has no flag \"%.40s\"; `tidewait help why` lists those there are", flag);
    else if (request->message == NULL)
        return command_usage_error(
            "--message needs a text: --message \"bind: address already in use\", or - to read it "
            "from standard input");
    return EXIT_FREE;
}

static int check_exhaustion(const struct request *request)
{
    const struct endpoint *destination = request->endpoints.items;
    if (request->message != NULL || request->reuseaddr)
        return command_usage_error("--exhaustion goes with a destination and --json only, as in `tidewait why "
                                   "--exhaustion 10.0.0.5:5432`");
    if (request->endpoints.count > 1 ||
        (destination != NULL && (destination->any_address || address_is_wildcard(&destination->address))))
        return command_usage_error("--exhaustion takes one destination, an address and a port, as in `tidewait why "
                                   "--exhaustion 10.0.0.5:5432`");
    return EXIT_FREE;
}

static int read_request(int argc, char **argv, struct request *request)
{
    for (int at = 1; at < argc; at++) {
        struct error error;
        int code = EXIT_FREE;
        int r;
        if (strncmp(argv[at], "--", 2) == 0)
            code = read_flag(argv, &at, request);
        else if ((r = endpoints_add(&request->endpoints, argv[at], &error)) < 0)
            code = command_refuse(r, &error);
        if (code != EXIT_FREE)
            return code;
    }
    if (request->exhaustion)
        return check_exhaustion(request);
    if (request->message != NULL && request->endpoints.count > 0)
        return command_usage_error("give either --message or endpoints, as in `tidewait why 8080`");
    if (request->message == NULL && request->endpoints.count == 0)
        return command_usage_error("why needs an endpoint, as in `tidewait why 8080`");
    return EXIT_FREE;
}

static int refuse_udp_reuseaddr(const struct request *request)
{
    for (size_t i = 0; request->reuseaddr && i < request->endpoints.count; i++)
        if (request->endpoints.items[i].protocol == PROTOCOL_UDP)
            return command_usage_error("--reuseaddr goes with TCP only: with UDP it would share the port, and take its "
                                       "datagrams");
    return EXIT_FREE;
}

static int answer(const struct request *request, struct inquiry *inquiry, const struct endpoint *endpoint, bool first)
{
    cleanup(verdict_done) struct verdict verdict = {0};
    struct error error;
    struct moment now = clock_now();
    const struct inquiry_question question = {endpoint, INQUIRY_ALL, now.monotonic_ns};
    int r = inquiry_ask(inquiry, &question, &verdict, &error);
    if (r == 0)
        r = inquiry_explain(inquiry, now.realtime_ns, request->netns.place, &verdict);
    if (r < 0) {
        (void)fprintf(stderr, "tidewait: the sockets cannot be read: %s\n", error.text);
        return EXIT_UNDETERMINED;
    }
    int64_t seen_ns = 0;
    verdict.remembered = agent_memory_ask(&verdict, request->home, now.realtime_ns, &seen_ns);
    cleanup(output_done) struct output output;
    output_init(&output);
    if (request->json) {
        buf_fail(&output.buf,
                 json_verdict(&verdict, netns_argument_name(&request->netns), now.realtime_ns, &output.buf));
    } else {
        struct text_why why = {
            .verdict = &verdict,
            .taken_at_ns = now.realtime_ns,
            .reuseaddr = request->reuseaddr,
            .netns = request->netns.place != NULL ? request->netns.name : NULL,
            .seen_ns = seen_ns,
            .missing = inquiry_missing(inquiry, &verdict),
        };
        if (!first)
            buf_add_char(&output.buf, '\n');
        text_why(&why, &output.style, &output.buf);
    }
    int code = output_write(&output);
    return code != EXIT_FREE ? code : exit_code_of(&verdict, request->reuseaddr);
}

int cmd_why(int argc, char **argv)
{
    cleanup(request_done) struct request request = {.home = -1};
    struct error error;
    int code = read_request(argc, argv, &request);
    if (code == EXIT_FREE && request.message != NULL)
        code = troubles_read(request.message, request.json, &request.endpoints, &request.exhaustion);
    if (code == EXIT_FREE && !request.exhaustion)
        code = refuse_udp_reuseaddr(&request);
    request.home = netns_argument_home(&request.netns);
    if (code == EXIT_FREE)
        code = netns_argument_enter(&request.netns);
    if (code == EXIT_FREE && request.exhaustion)
        return cmd_exhaustion(request.endpoints.items, &request.netns, request.json);
    if (code != EXIT_FREE || request.endpoints.count == 0)
        return code;
    cleanup(inquiry_done) struct inquiry inquiry = {0};
    if (inquiry_open(&inquiry, &error) < 0) {
        (void)fprintf(stderr, "tidewait: the sockets cannot be read: %s\n", error.text);
        return EXIT_UNDETERMINED;
    }
    /* A reader that went away is told so once. */
    for (size_t i = 0; i < request.endpoints.count && !ferror(stdout); i++)
        code = exit_code_worse(code, answer(&request, &inquiry, &request.endpoints.items[i], i == 0));
    return code;
}

void cmd_why_print_flags(void)
{
    (void)puts(
        "\n"
        "  ENDPOINT          8080, udp:53, 127.0.0.1:5432, [::1]:8080, 8000-8010; no address: all, IPv4 and IPv6\n"
        "  --message TEXT    for the port that an error message names; - reads it from standard input\n"
        "  --exhaustion [ADDRESS:PORT]\n"
        "                    why outgoing connections fail: the source ports towards it, or the fullest destination\n"
        "  --reuseaddr       judge for a server that sets SO_REUSEADDR (TCP only)\n"
        "  --netns PATH|PID  in another network namespace: at /run/netns/blue, or of a process\n"
        "  --json            one compact object a line, one for each endpoint\n"
        "\n"
        "Works without the agent. Binds each endpoint for some microseconds, and never listens.\n"
        "Exit 0: free. 4: only with SO_REUSEADDR. 1: held, or exhausted. 3: could not be determined. The worst of "
        "several counts.");
}
