#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/clock.h"
#include "command.h"
#include "output.h"
#include "render/json.h"
#include "wait_request.h"
#include "waiter.h"

/* How often a terminal's countdown changes. */
#define TICK_NS (100 * CLOCK_NS_PER_MS)
/* Back to the start of the line, and clear it. */
#define CLEAR_LINE "\r\033[K"

struct wait {
    struct wait_request request;
    struct inquiry inquiry;
    struct waiter *waiters; /* owned */
    size_t count;
    int signals;
    bool terminal; /* a countdown can be shown */
    struct waiter_budget budget;
    int64_t started_ns;
    int64_t end_ns;
    int64_t shown_ns;
};

static void wait_done(struct wait *wait)
{
    for (size_t i = 0; wait->waiters != NULL && i < wait->count; i++)
        waiter_done(&wait->waiters[i]);
    free(wait->waiters);
    inquiry_done(&wait->inquiry);
    wait_request_done(&wait->request);
    cleanup_close(&wait->signals);
}

static int start(struct wait *wait, struct error *error)
{
    const struct endpoints *endpoints = &wait->request.endpoints;
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    error_set(error, 0, "out of memory");
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0 || (wait->signals = signalfd(-1, &set, SFD_CLOEXEC)) < 0)
        return error_set(error, -errno, "cannot wait for signals: %s", strerror(errno));
    wait->waiters = calloc(endpoints->count, sizeof(*wait->waiters));
    if (wait->waiters == NULL)
        return -ENOMEM;
    wait->count = endpoints->count;
    for (size_t i = 0; i < wait->count; i++)
        wait->waiters[i] = (struct waiter){
            .endpoint = endpoints->items[i],
            .goal = wait->request.goal,
            .reuseaddr = wait->request.reuseaddr,
        };
    wait->terminal = isatty(STDERR_FILENO) == 1 && !wait->request.json;
    wait->started_ns = clock_monotonic_ns();
    if (__builtin_add_overflow(wait->started_ns, wait->request.timeout_ns, &wait->end_ns))
        wait->end_ns = INT64_MAX;
    return inquiry_open(&wait->inquiry, error);
}

/* A line about one endpoint, on stderr: for -v, and on a terminal. */
static void say(const struct wait *wait, const struct waiter *waiter, const char *what)
{
    if (!wait->terminal && !wait->request.verbose)
        return;
    char name[ENDPOINT_TEXT_MAX];
    endpoint_format(&waiter->endpoint, name);
    (void)fprintf(stderr, "%s%s %s\n", wait->terminal ? CLEAR_LINE : "", name, what);
}

static void say_news(const struct wait *wait, const struct waiter *waiter, bool first)
{
    bool only_plain = waiter->goal == WAIT_FOR_FREE && waiter->verdict.kind == VERDICT_REUSABLE;
    if (waiter->met)
        say(wait, waiter, waiter->goal == WAIT_FOR_LISTENING ? "is listening" : "is free");
    else if (first && only_plain && !waiter->reuseaddr)
        say(wait, waiter, "can be bound with SO_REUSEADDR already; waiting until a bind without it works, too");
}

/* The one that a terminal is told about; there must be one. */
static struct waiter *first_open(const struct wait *wait)
{
    struct waiter *waiter = wait->waiters;
    while (waiter->met)
        waiter++;
    return waiter;
}

/* Looks at all that are due; the last time at all. Returns how many are still waited for, or a negative errno. */
static int look(struct wait *wait, bool last, struct error *error)
{
    int open = 0;
    int64_t now_ns = clock_monotonic_ns();
    bool may = waiter_budget_allows_at(&wait->budget, now_ns) == now_ns;
    for (size_t i = 0; i < wait->count; i++) {
        struct waiter *waiter = &wait->waiters[i];
        if (waiter->met)
            continue;
        if (last || (may && now_ns >= waiter->due_ns)) {
            bool first = waiter->due_ns == 0;
            int r = waiter_look(waiter, &wait->inquiry, error);
            if (r < 0)
                return r;
            say_news(wait, waiter, first);
        }
        open += !waiter->met;
    }
    if (open > 0 && may && wait->terminal) {
        int r = waiter_refresh(first_open(wait), &wait->inquiry, error);
        if (r < 0)
            return r;
    }
    return open;
}

/* One line for the first that is still waited for, and how many others are. */
static void show_countdown(struct wait *wait, int open)
{
    int64_t now_ns = clock_monotonic_ns();
    if (!wait->terminal || now_ns - wait->shown_ns < TICK_NS)
        return;
    wait->shown_ns = now_ns;
    const struct waiter *waiter = first_open(wait);
    char name[ENDPOINT_TEXT_MAX];
    endpoint_format(&waiter->endpoint, name);
    (void)fprintf(stderr, CLEAR_LINE "%s", name);
    const struct frees *frees = waiter->reuseaddr ? &waiter->verdict.reuseaddr : &waiter->verdict.plain;
    double left = frees->seconds - (double)(now_ns - waiter->looked_ns) / (double)CLOCK_NS_PER_S;
    if (waiter->goal == WAIT_FOR_LISTENING)
        (void)fprintf(stderr, ": nobody listens yet");
    else if (frees->kind == FREES_AFTER)
        (void)fprintf(stderr, ": %s, free in %.1f s", cause_name(waiter->verdict.cause), left > 0 ? left : 0);
    else
        (void)fprintf(stderr, ": held by %s", cause_name(waiter->verdict.cause));
    if (open > 1)
        (void)fprintf(stderr, ", and %d more", open - 1);
    (void)fprintf(stderr, "  (%" PRId64 " s)", (now_ns - wait->started_ns) / CLOCK_NS_PER_S);
}

static int64_t next_due(const struct wait *wait)
{
    int64_t due_ns = wait->terminal ? wait->shown_ns + TICK_NS : wait->end_ns;
    int64_t look_ns = wait->end_ns;
    for (size_t i = 0; i < wait->count; i++)
        if (!wait->waiters[i].met && wait->waiters[i].due_ns < look_ns)
            look_ns = wait->waiters[i].due_ns;
    look_ns = waiter_budget_allows_at(&wait->budget, look_ns);
    if (look_ns < due_ns)
        due_ns = look_ns;
    return due_ns < wait->end_ns ? due_ns : wait->end_ns;
}

/* True when a signal came first. */
static bool sleep_until(const struct wait *wait, int64_t due_ns)
{
    int64_t left_ns = due_ns - clock_monotonic_ns();
    struct timespec left = {.tv_sec = left_ns / CLOCK_NS_PER_S, .tv_nsec = left_ns % CLOCK_NS_PER_S};
    struct pollfd signals = {.fd = wait->signals, .events = POLLIN};
    if (left_ns < 0)
        left = (struct timespec){0};
    return ppoll(&signals, 1, &left, NULL) > 0;
}

static int run(struct wait *wait, struct error *error)
{
    for (bool first = true;; first = false) {
        bool last = clock_monotonic_ns() >= wait->end_ns;
        int open = look(wait, last, error);
        if (open <= 0)
            return open < 0 ? EXIT_UNDETERMINED : EXIT_FREE;
        if (last)
            return EXIT_REFUSED;
        if (first)
            waiter_budget_begin(&wait->budget);
        show_countdown(wait, open);
        if (sleep_until(wait, next_due(wait)))
            return EXIT_INTERRUPTED;
    }
}

static int cannot_read(const struct error *error)
{
    (void)fprintf(stderr, "tidewait: the sockets cannot be read: %s\n", error->text);
    return EXIT_UNDETERMINED;
}

/* After a timeout: what still holds each endpoint. With --json: every verdict. */
static int print_verdicts(struct wait *wait, bool timed_out)
{
    cleanup(output_done) struct output output;
    output_init(&output);
    for (size_t i = 0; i < wait->count; i++) {
        struct waiter *waiter = &wait->waiters[i];
        struct moment now = clock_now();
        if (!wait->request.json && !(timed_out && !waiter->met))
            continue;
        const struct inquiry_question question = {&waiter->endpoint, INQUIRY_GENTLE, now.monotonic_ns};
        struct error error;
        verdict_done(&waiter->verdict);
        if (inquiry_ask(&wait->inquiry, &question, &waiter->verdict, &error) < 0 ||
            inquiry_explain(&wait->inquiry, now.realtime_ns, wait->request.netns.place, &waiter->verdict) < 0)
            return cannot_read(&error);
        struct text_why why = {
            .verdict = &waiter->verdict,
            .taken_at_ns = now.realtime_ns,
            .reuseaddr = waiter->reuseaddr,
            .netns = wait->request.netns.place != NULL ? wait->request.netns.name : NULL,
            .missing = inquiry_missing(&wait->inquiry, &waiter->verdict),
        };
        if (!wait->request.json)
            text_why(&why, &output.style, &output.buf);
        else
            buf_fail(&output.buf, json_verdict(&waiter->verdict, netns_argument_name(&wait->request.netns),
                                               now.realtime_ns, &output.buf));
    }
    return output_write(&output);
}

int cmd_wait(int argc, char **argv)
{
    cleanup(wait_done) struct wait wait = {.signals = -1};
    int code = wait_request_read(argc, argv, &wait.request);
    if (code == EXIT_FREE)
        code = netns_argument_enter(&wait.request.netns);
    if (code != EXIT_FREE)
        return code;
    struct error error;
    code = start(&wait, &error) < 0 ? EXIT_UNDETERMINED : run(&wait, &error);
    if (wait.terminal)
        (void)fputs(CLEAR_LINE, stderr);
    if (code == EXIT_UNDETERMINED)
        return cannot_read(&error);
    if (code == EXIT_REFUSED || (code == EXIT_FREE && wait.request.json)) {
        int printed = print_verdicts(&wait, code == EXIT_REFUSED);
        code = printed != EXIT_FREE ? printed : code;
    }
    return code;
}

void cmd_wait_print_flags(void)
{
    (void)puts("\n"
               "  --for GOAL        free (the default), or listening\n"
               "  --timeout TIME    give up after 500ms, 30s, 5m (default 2m)\n"
               "  --reuseaddr       free for a server that sets SO_REUSEADDR (TCP only)\n"
               "  --netns PATH|PID  in another network namespace: at /run/netns/blue, or of a process\n"
               "  --json            print the verdicts at the end, one compact object a line\n"
               "  -v                a line for each endpoint that is met, also when stderr is no terminal\n"
               "\n"
               "Waits for all of several endpoints. Exit 0: met. 1: timed out, and what still holds them on standard\n"
               "output. 3: the sockets cannot be read. 130: interrupted.");
}
