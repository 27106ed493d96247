#include <errno.h>
#include <stdio.h>

#include "agent_place.h"
#include "base/clock.h"
#include "command.h"

#define TIMEOUT_NS (3 * CLOCK_NS_PER_S)

int cmd_healthcheck(int argc, char **argv)
{
    if (argc > 2 || (argc == 2 && argv[1][0] == '-'))
        return command_usage_error("healthcheck takes one URL, as in http://127.0.0.1:10098/readyz, or none");
    struct agentclient_place place;
    struct error error;
    int r = agent_place_find(argc == 2 ? argv[1] : NULL, &place, &error);
    if (r == -EINVAL)
        return command_usage_error("%s", error.text);
    cleanup(agentclient_answer_done) struct agentclient_answer answer = {0};
    if (r == 0 && strcmp(place.path, "/") == 0)
        (void)snprintf(place.path, sizeof(place.path), "/readyz");
    if (r == 0)
        r = agentclient_get(&place, TIMEOUT_NS, &answer, &error);
    if (r < 0) {
        (void)fprintf(stderr, "tidewait: %s\n", error.text);
        return EXIT_UNDETERMINED;
    }
    if (answer.status == 200)
        return EXIT_FREE;
    if (answer.status == 503)
        (void)fprintf(stderr, "tidewait: not ready: %.*s\n", (int)strcspn(answer.body, "\r\n"), answer.body);
    else
        (void)fprintf(stderr, "tidewait: the agent answers with status %u: it does not let us ask\n", answer.status);
    return answer.status == 503 ? EXIT_REFUSED : EXIT_UNDETERMINED;
}

void cmd_healthcheck_print_flags(void)
{
    (void)puts("\n"
               "  URL    http://127.0.0.1:10098/readyz when not given; the host is an IP address, or localhost\n"
               "\n"
               "Without a URL the first of TIDEWAIT_WEB_LISTEN_ADDRESS is asked, if that is set. Exit 0: ready, and\n"
               "nothing is printed. 1: not ready, and why. 3: the agent cannot be asked.");
}
