#include "cmd_exhaustion.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "collect/connectprobe.h"
#include "command.h"
#include "judge/exhaustion.h"
#include "openers.h"
#include "output.h"
#include "render/json.h"
#include "render/text.h"
#include "round.h"

#define EVERY_PORT (2 * 65535)
/* Back to the start of the line, and clear it. */
#define CLEAR_LINE "\r\033[K"

/* Both looks, and what they need. */
struct study {
    struct round *round;
    struct report *report; /* of the latest look */
    struct inquiry inquiry;
    struct error error; /* why it failed */
};

static void study_done(struct study *study)
{
    round_free(study->round);
    report_unref(study->report);
    inquiry_done(&study->inquiry);
}

static int look(struct study *study)
{
    report_unref(study->report);
    study->report = round_run(study->round);
    if (study->report == NULL)
        return error_set(&study->error, -ENOMEM, "out of memory");
    return study->report->failed ? error_set(&study->error, -EIO, "%s", study->report->failure) : 0;
}

/* A second, in which what is opened and closed shows how fast ports are taken. Returns -EINTR after SIGINT. */
static int wait_a_second(bool json)
{
    const struct timespec second = {.tv_sec = 1};
    bool terminal = isatty(STDERR_FILENO) == 1 && !json;
    sigset_t set;
    sigset_t before;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, &before);
    if (terminal)
        (void)fputs("watching for a second how fast ports are taken", stderr);
    int caught = sigtimedwait(&set, NULL, &second);
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (terminal)
        (void)fputs(CLEAR_LINE, stderr);
    return caught > 0 ? -EINTR : 0;
}

static int watch(struct study *study, bool json)
{
    struct round_options options = {
        .limits = {.max_ports = EVERY_PORT,
                   .track_listeners = true,
                   .track_traffic = true,
                   .forget_after_ns = CLOCK_NS_PER_S},
        .directions = true,
    };
    error_set(&study->error, 0, "out of memory");
    int r = round_new(&options, &study->round);
    if (r == 0)
        r = inquiry_open(&study->inquiry, &study->error);
    if (r == 0)
        r = look(study);
    if (r == 0)
        r = wait_a_second(json);
    return r < 0 ? r : look(study);
}

/* The ports that servers have. */
static struct port_set services_of(const struct report_netns *netns)
{
    struct port_set services = {0};
    for (size_t i = 0; i < netns->port_count; i++)
        port_set_add(&services, netns->ports[i].verdict.endpoint.port);
    return services;
}

static int answer(struct study *study, const struct endpoint *destination, const struct netns_argument *netns,
                  struct exhaustion *exhaustion, const char **ret_missing)
{
    const struct kernel_settings *settings = round_settings(study->round);
    int r = exhaustion_find(round_census(study->round), settings, destination, exhaustion, &study->error);
    exhaustion->source = study->report->netns.source;
    bool found = true;
    if (r == 0 && exhaustion_wants_trial(exhaustion) && connectprobe_try(&found) == 0 && !found)
        exhaustion_note_failure(exhaustion);
    if (r == 0)
        r = openers_find(&study->inquiry, exhaustion, ret_missing, &study->error);
    if (r < 0)
        return r;
    struct port_set services = services_of(&study->report->netns);
    error_set(&study->error, 0, "out of memory");
    return exhaustion_explain(exhaustion, settings, &services, netns->place);
}

static int print(const struct exhaustion *exhaustion, const char *missing, const struct netns_argument *netns,
                 bool json)
{
    cleanup(output_done) struct output output;
    output_init(&output);
    if (!json)
        text_exhaustion(exhaustion, netns->place != NULL ? netns->name : NULL, missing, &output.style, &output.buf);
    else
        buf_fail(&output.buf, json_exhaustion(exhaustion, netns_argument_name(netns), &output.buf));
    int code = output_write(&output);
    if (code != EXIT_FREE)
        return code;
    return exhaustion->kind == EXHAUSTION_FULL ? EXIT_REFUSED : EXIT_FREE;
}

int cmd_exhaustion(const struct endpoint *destination, const struct netns_argument *netns, bool json)
{
    cleanup(study_done) struct study study = {0};
    cleanup(exhaustion_done) struct exhaustion exhaustion = {0};
    const char *missing = NULL;
    int r = watch(&study, json);
    if (r == -EINTR)
        return EXIT_INTERRUPTED;
    if (r == 0)
        r = answer(&study, destination, netns, &exhaustion, &missing);
    if (r < 0) {
        (void)fprintf(stderr, "tidewait: the sockets cannot be read: %s\n", study.error.text);
        return EXIT_UNDETERMINED;
    }
    return print(&exhaustion, missing, netns, json);
}
