#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "base/clock.h"
#include "base/version.h"
#include "collect/selfstat.h"
#include "command.h"
#include "listening.h"
#include "round.h"
#include "serve/http.h"

#define FORGET_AFTER_NS (3600 * CLOCK_NS_PER_S)
/* TIME_WAIT lasts 60 s: with looks closer than that, none passes unseen. */
#define LONGEST_INTERVAL_NS (50 * CLOCK_NS_PER_S)
/* Ending takes 3 s at most, of which requests under way may have so much. */
#define GRACE_MS 2500
#define NS_PER_S 1e9

struct agent {
    struct options options;
    struct log log;
    struct round *round;
    struct board *board;
    struct http *http;
    int signals;
    int timer;
    double process_start_seconds; /* since 1970; read once, so that it never moves */
    bool failing;                 /* the last round failed: said once, not every round */
};

static void agent_done(struct agent *agent)
{
    http_stop(agent->http, GRACE_MS);
    board_free(agent->board);
    round_free(agent->round);
    cleanup_close(&agent->signals);
    cleanup_close(&agent->timer);
    options_done(&agent->options);
}

static void log_round(struct agent *agent, const struct report *report)
{
    if (report->failed && !agent->failing)
        log_event(&agent->log, LOG_LEVEL_ERROR, "round failed", {"stage", round_stage_name(report->failed_stage)},
                  {"reason", report->failure});
    if (!report->failed && agent->failing)
        log_event(&agent->log, LOG_LEVEL_INFO, "rounds succeed again", {"host", report->host});
    agent->failing = report->failed;
}

/* One round, published. Returns how long to wait after its start until the next. */
static int64_t run_round(struct agent *agent)
{
    int64_t cpu_before_ns = clock_thread_cpu_ns();
    struct report *report = round_run(agent->round);
    int64_t cpu_ns = clock_thread_cpu_ns() - cpu_before_ns;
    int64_t spaced_ns = (int64_t)((double)cpu_ns / agent->options.cpu_budget);
    int64_t interval_ns = agent->options.interval_ns;
    if (spaced_ns > interval_ns)
        interval_ns = spaced_ns < LONGEST_INTERVAL_NS ? spaced_ns : LONGEST_INTERVAL_NS;
    if (report == NULL) {
        log_event(&agent->log, LOG_LEVEL_ERROR, "round failed", {"reason", "out of memory"});
        return interval_ns;
    }
    log_round(agent, report);
    /* A round that takes longer than the interval is followed by the next at once: then it is the interval. */
    double interval_seconds = (double)interval_ns / NS_PER_S;
    bool slow = report->agent.round_seconds > interval_seconds;
    report->agent.interval_seconds = slow ? report->agent.round_seconds : interval_seconds;
    http_counts(agent->http, &report->agent);
    report->agent.process_start_seconds = agent->process_start_seconds;
    selfstat_read(&report->agent);
    agent->process_start_seconds = report->agent.process_start_seconds;
    if (board_publish(agent->board, report) < 0)
        log_event(&agent->log, LOG_LEVEL_ERROR, "round not published", {"reason", "out of memory"});
    return interval_ns;
}

static int arm(int timer, int64_t at_ns)
{
    struct itimerspec at = {.it_value = {.tv_sec = at_ns / CLOCK_NS_PER_S, .tv_nsec = at_ns % CLOCK_NS_PER_S}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL) < 0 ? -errno : 0;
}

/* Rounds until a signal asks to end. */
static int loop(struct agent *agent)
{
    for (;;) {
        int64_t started_ns = clock_monotonic_ns();
        int r = arm(agent->timer, started_ns + run_round(agent));
        if (r < 0)
            return r;
        struct pollfd fds[] = {{.fd = agent->signals, .events = POLLIN}, {.fd = agent->timer, .events = POLLIN}};
        while (poll(fds, 2, -1) < 0)
            if (errno != EINTR)
                return -errno;
        if (fds[0].revents != 0)
            return 0;
    }
}

/* Blocked before any thread starts, so that every thread leaves them to the loop. */
static int open_signals(struct agent *agent)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    agent->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (agent->signals < 0)
        return -errno;
    agent->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return agent->timer < 0 ? -errno : 0;
}

static int start(struct agent *agent, struct listening *listening, struct error *error)
{
    const struct options *options = &agent->options;
    struct round_options round = {
        .watches = options->watches,
        .watch_count = options->watch_count,
        .limits = {.max_ports = options->max_ports,
                   .track_listeners = options->watch_listeners,
                   .track_traffic = true,
                   .forget_after_ns = FORGET_AFTER_NS},
        .probe = options->probe,
        .probe_interval_ns = options->probe_interval_ns,
        .owners = options->owners,
    };
    error_set(error, 0, "out of memory");
    int r = round_new(&round, &agent->round);
    if (r == 0)
        r = board_new(&agent->board);
    if (r < 0)
        return r;
    r = open_signals(agent);
    if (r < 0)
        return error_set(error, r, "cannot wait for signals and timers: %s", strerror(-r));
    struct http_options http = {
        .listeners = listening->fds,
        .listener_count = listening->count,
        .telemetry_path = options->telemetry_path,
        .board = agent->board,
        .log = &agent->log,
    };
    r = http_start(&http, &agent->http, error);
    for (size_t i = 0; r == 0 && i < listening->count; i++)
        (void)steal_fd(&listening->fds[i]);
    return r;
}

static void announce(const struct agent *agent, const struct listening *listening)
{
    for (size_t i = 0; i < listening->count; i++) {
        const struct endpoint *endpoint = &listening->endpoints[i];
        char address[ADDRESS_TEXT_MAX];
        char url[ADDRESS_TEXT_MAX + 32];
        endpoint_address_format(endpoint, address);
        bool all = endpoint->any_address || address_is_wildcard(&endpoint->address);
        bool brackets = !all && endpoint->address.family == FAMILY_IPV6;
        (void)snprintf(url, sizeof(url), "http://%s%s%s:%u", brackets ? "[" : "", all ? "127.0.0.1" : address,
                       brackets ? "]" : "", endpoint->port);
        log_event(&agent->log, LOG_LEVEL_INFO, "listening", {"address", address}, {"url", url},
                  {"metrics", agent->options.telemetry_path});
    }
}

/* 0, 1 and 2 stay taken, so that no socket of ours ends up where libraries write their complaints. */
static void keep_standard_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    cleanup_close(&fd);
}

int cmd_serve(int argc, char **argv)
{
    keep_standard_descriptors();
    cleanup(agent_done) struct agent agent = {.signals = -1, .timer = -1};
    struct error error;
    int r = options_parse(argc, argv, &agent.options, &error);
    if (r < 0)
        return r == -EINVAL ? command_usage_error("%s", error.text) : EXIT_UNDETERMINED;
    if (agent.options.check_config) {
        (void)puts("the settings are right");
        return EXIT_FREE;
    }
    agent.log = (struct log){STDERR_FILENO, agent.options.log_level, agent.options.log_format};
    cleanup(listening_done) struct listening listening = {0};
    r = listening_open(&agent.options, &listening, &error);
    if (r == 0) {
        log_event(&agent.log, LOG_LEVEL_INFO, "starting", {"version", TIDEWAIT_VERSION},
                  {"revision", TIDEWAIT_REVISION});
        r = start(&agent, &listening, &error);
    }
    if (r < 0) {
        (void)fprintf(stderr, "tidewait: %s\n", error.text);
        return r == -EADDRINUSE ? EXIT_REFUSED : EXIT_UNDETERMINED;
    }
    announce(&agent, &listening);
    r = loop(&agent);
    log_event(&agent.log, r < 0 ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "ending",
              {"reason", r < 0 ? strerror(-r) : "asked to by a signal"});
    return r < 0 ? EXIT_UNDETERMINED : EXIT_FREE;
}

void cmd_serve_print_flags(void)
{
    options_print();
}
