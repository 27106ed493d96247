#include <stdio.h>
#include <string.h>

#include "agent_memory.h"
#include "argument.h"
#include "base/clock.h"
#include "command.h"
#include "netns_argument.h"
#include "output.h"
#include "render/json.h"
#include "round.h"

#define EVERY_PORT (2 * 65535)

static int add_json(const struct report *report, struct buf *buf)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < report->netns.port_count; i++)
        r = json_port(report, &report->netns, &report->netns.ports[i], buf);
    return r;
}

static int print(const struct report *report, bool json)
{
    cleanup(output_done) struct output output;
    output_init(&output);
    if (!json)
        text_ports(report, &output.style, &output.buf);
    else
        buf_fail(&output.buf, add_json(report, &output.buf));
    return output_write(&output);
}

static int look(const struct netns_argument *netns, int home, bool all, bool json)
{
    struct round_options options = {
        .limits = {.max_ports = EVERY_PORT,
                   .track_listeners = true,
                   .track_all = all,
                   .track_traffic = !json, /* what has been counted needs more than one look */
                   .forget_after_ns = CLOCK_NS_PER_S},
        .probe = true,
        .probe_interval_ns = CLOCK_NS_PER_S,
        .owners = true,
        .directions = true,
        .place = netns->place,
    };
    cleanup(round_freep) struct round *round = NULL;
    cleanup(report_unrefp) struct report *report = round_new(&options, &round) == 0 ? round_run(round) : NULL;
    if (report == NULL || report->failed) {
        (void)fprintf(stderr, "tidewait: the sockets cannot be read: %s\n",
                      report != NULL ? report->failure : "out of memory");
        return EXIT_UNDETERMINED;
    }
    agent_memory_ask_all(report, home);
    (void)snprintf(report->netns.name, sizeof(report->netns.name), "%s", netns_argument_name(netns));
    return print(report, json);
}

int cmd_ports(int argc, char **argv)
{
    bool all = false;
    bool json = false;
    struct netns_argument netns = {0};
    int code = EXIT_FREE;
    for (int i = 1; code == EXIT_FREE && i < argc; i++) {
        const char *value;
        if (strcmp(argv[i], "--all") == 0)
            all = true;
        else if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (argument_has_value(argv, &i, "--netns", &value))
            code = netns_argument_set(&netns, value);
        else
            code = command_usage_error("ports takes --all, --json and --netns, not \"%.40s\"", argv[i]);
    }
    cleanup(cleanup_close) int home = netns_argument_home(&netns);
    if (code == EXIT_FREE)
        code = netns_argument_enter(&netns);
    return code == EXIT_FREE ? look(&netns, home, all, json) : code;
}

void cmd_ports_print_flags(void)
{
    (void)puts("\n"
               "  --all             every local port that has a socket, not only those with a listener\n"
               "  --netns PATH|PID  in another network namespace: at /run/netns/blue, or of a process\n"
               "  --json            one compact object a line, one for each endpoint\n"
               "\n"
               "Works without the agent. Exit 0, or 3 when the sockets cannot be read.");
}
