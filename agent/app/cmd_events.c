#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>

#include "agent_place.h"
#include "argument.h"
#include "base/clock.h"
#include "command.h"
#include "output.h"
#include "render/events_answer.h"

#define TIMEOUT_NS (3 * CLOCK_NS_PER_S)
/* How often --follow asks. */
#define PERIOD_MS 1000

struct events_request {
    struct agentclient_place place;
    bool follow;
    bool json;
};

/* What has been printed so far. */
struct reader {
    const struct events_request *request;
    char instance[EVENTS_ANSWER_INSTANCE_MAX]; /* "": no agent has answered yet */
    uint64_t last_id;
    bool alone; /* the agent is gone, and that has been said */
};

static int ask(const struct reader *reader, uint64_t since, struct events_answer *ret_answer, struct error *error)
{
    struct agentclient_place place = reader->request->place;
    cleanup(agentclient_answer_done) struct agentclient_answer answer = {0};
    (void)snprintf(place.path, sizeof(place.path), "/api/v1/events?since=%" PRIu64, since);
    int r = agentclient_get(&place, TIMEOUT_NS, &answer, error);
    if (r < 0)
        return r;
    if (answer.status != 200)
        return error_set(error, -EPROTO, "the agent answers with status %u: it does not let us read its events",
                         answer.status);
    r = events_answer_read(answer.body, ret_answer);
    return r < 0 ? error_set(error, r, "what was asked does not answer as an agent of this version does") : 0;
}

static int print(struct reader *reader, const struct events_answer *answer)
{
    cleanup(output_done) struct output output;
    output_init(&output);
    for (size_t i = 0; i < answer->count; i++) {
        const struct events_answer_event *event = &answer->events[i];
        if (reader->request->json)
            buf_printf(&output.buf, "%s\n", event->json);
        else
            text_event(event->at_ns, event->text, &output.buf);
        reader->last_id = event->id;
    }
    return answer->count > 0 ? output_write(&output) : EXIT_FREE;
}

/* Said on stderr, as it is none of the events: what was lost between two answers. */
static void tell_gap(const struct reader *reader, const struct events_answer *answer)
{
    if (reader->instance[0] == '\0' || answer->count == 0 || answer->events[0].id == reader->last_id + 1)
        return;
    (void)fprintf(stderr, "tidewait: %" PRIu64 " events were overwritten before they could be read\n",
                  answer->events[0].id - reader->last_id - 1);
}

/* Asks once, and prints what is new. Returns an exit code. */
static int read_on(struct reader *reader, struct error *error)
{
    cleanup(events_answer_done) struct events_answer answer = {0};
    if (ask(reader, reader->last_id, &answer, error) < 0)
        return EXIT_UNDETERMINED;
    bool restarted = reader->instance[0] != '\0' && strcmp(reader->instance, answer.instance) != 0;
    if (reader->alone || restarted)
        (void)fprintf(stderr, "tidewait: the agent %s\n", restarted ? "was restarted" : "answers again");
    reader->alone = false;
    if (restarted) {
        events_answer_done(&answer);
        reader->last_id = 0;
        if (ask(reader, 0, &answer, error) < 0)
            return EXIT_UNDETERMINED;
    }
    tell_gap(reader, &answer);
    (void)snprintf(reader->instance, sizeof(reader->instance), "%s", answer.instance);
    return print(reader, &answer);
}

static int open_signals(int *ret_fd)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    *ret_fd = signalfd(-1, &set, SFD_CLOEXEC);
    return *ret_fd < 0 ? -errno : 0;
}

/* Until a signal, or until nobody reads any more. An agent that goes away may come back. */
static int follow(struct reader *reader)
{
    cleanup(cleanup_close) int signals = -1;
    int r = open_signals(&signals);
    if (r < 0) {
        (void)fprintf(stderr, "tidewait: cannot wait for signals: %s\n", strerror(-r));
        return EXIT_UNDETERMINED;
    }
    struct pollfd fd = {.fd = signals, .events = POLLIN};
    while (poll(&fd, 1, PERIOD_MS) <= 0) {
        struct error error = {0};
        int code = read_on(reader, &error);
        if (code != EXIT_FREE && error.text[0] == '\0')
            return code;
        if (code != EXIT_FREE && !reader->alone)
            (void)fprintf(stderr, "tidewait: %s; waiting for it\n", error.text);
        reader->alone = code != EXIT_FREE;
    }
    return EXIT_INTERRUPTED;
}

static int read_request(int argc, char **argv, struct events_request *request)
{
    const char *url = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--follow") == 0)
            request->follow = true;
        else if (strcmp(argv[i], "--json") == 0)
            request->json = true;
        else if (!argument_has_value(argv, &i, "--url", &url))
            return command_usage_error("events takes --follow, --json and --url URL, not \"%.40s\"", argv[i]);
        else if (url == NULL)
            return command_usage_error("--url needs a value: give --url http://127.0.0.1:10098");
    }
    struct error error;
    int r = agent_place_find(url, &request->place, &error);
    if (r == 0 && strcmp(request->place.path, "/") != 0)
        return command_usage_error("\"%.60s\" has a path: give it without, as in http://127.0.0.1:10098", url);
    if (r < 0 && r != -EINVAL)
        (void)fprintf(stderr, "tidewait: %s\n", error.text);
    return r == 0 ? EXIT_FREE : r == -EINVAL ? command_usage_error("%s", error.text) : EXIT_UNDETERMINED;
}

int cmd_events(int argc, char **argv)
{
    struct events_request request = {0};
    int code = read_request(argc, argv, &request);
    if (code != EXIT_FREE)
        return code;
    struct reader reader = {.request = &request};
    struct error error = {0};
    code = read_on(&reader, &error);
    if (error.text[0] != '\0')
        (void)fprintf(stderr, "tidewait: %s\n", error.text);
    return code == EXIT_FREE && request.follow ? follow(&reader) : code;
}

void cmd_events_print_flags(void)
{
    (void)puts("\n"
               "  --follow     go on with what happens from now on, until interrupted\n"
               "  --json       one compact object a line, one for each event\n"
               "  --url URL    of the agent: http://127.0.0.1:10098 when not given\n"
               "\n"
               "Prints what the agent remembers, the oldest first. Without --url the first of\n"
               "TIDEWAIT_WEB_LISTEN_ADDRESS is asked, if that is set. Exit 0. 3: the agent cannot be asked.\n"
               "130: interrupted.");
}
