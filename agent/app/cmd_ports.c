#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command.h"
#include "output.h"
#include "render/json.h"
#include "round.h"

#define EVERY_PORT (2 * 65535)

static int add_json(const struct report *report, struct buf *buf)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < report->netns.port_count; i++)
        r = json_port(report, &report->netns.ports[i], buf);
    return r;
}

static int print(const struct report *report, bool json)
{
    cleanup(output_done) struct output output;
    output_init(&output);
    if (!json)
        text_ports(report, &output.style, &output.buf);
    else if (add_json(report, &output.buf) < 0)
        return EXIT_UNDETERMINED;
    return output_write(&output);
}

int cmd_ports(int argc, char **argv)
{
    bool all = false;
    bool json = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--all") == 0)
            all = true;
        else if (strcmp(argv[i], "--json") == 0)
            json = true;
        else
            return command_usage_error("ports takes --all and --json, not \"%.40s\"", argv[i]);
    }
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
    };
    cleanup(round_freep) struct round *round = NULL;
    cleanup(report_unrefp) struct report *report = round_new(&options, &round) == 0 ? round_run(round) : NULL;
    if (report == NULL || report->failed) {
        (void)fprintf(stderr, "tidewait: the sockets cannot be read: %s\n",
                      report != NULL ? report->failure : "out of memory");
        return EXIT_UNDETERMINED;
    }
    return print(report, json);
}

void cmd_ports_print_flags(void)
{
    (void)puts("\n"
               "  --all     every local port that has a socket, not only those with a listener\n"
               "  --json    one compact object a line, one for each endpoint\n"
               "\n"
               "Works without the agent. Exit 0, or 3 when the sockets cannot be read.");
}
