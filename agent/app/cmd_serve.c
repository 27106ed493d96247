#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>

#include "base/clock.h"
#include "base/version.h"
#include "chronicle.h"
#include "collect/netns.h"
#include "collect/selfstat.h"
#include "command.h"
#include "confinement.h"
#include "descriptors.h"
#include "judge/summary.h"
#include "listening.h"
#include "reload.h"
#include "round.h"
#include "serve/http.h"

/* TIME_WAIT lasts 60 s: with looks closer than that, none passes unseen. */
#define LONGEST_INTERVAL_NS (50 * CLOCK_NS_PER_S)
/* Ending takes 3 s at most, of which requests under way may have so much. */
#define GRACE_MS 2500
/* Before what failed is tried again. */
#define PAUSE_NS (50 * CLOCK_NS_PER_MS)
#define NS_PER_S 1e9
#define LARGE_BYTES (32 * 1024)

struct agent {
    struct options options;
    struct log log;
    struct round *round;
    struct board *board;
    struct chronicle chronicle;
    struct http *http;
    struct reload reload;
    unsigned connections; /* --web.max-connections, or as many as there are descriptors for */
    struct report_sandbox sandbox;
    int signals;
    double process_start_seconds; /* since 1970; read once, so that it never moves */
    bool failing;                 /* the last round failed: said once, not every round */
    enum source_kind source;      /* of the last round that succeeded */
    bool netns_missing;           /* in that round, not every namespace that was asked for could be looked at */
};

static void agent_done(struct agent *agent)
{
    http_stop(agent->http, GRACE_MS);
    chronicle_done(&agent->chronicle);
    board_free(agent->board);
    round_free(agent->round);
    cleanup_close(&agent->signals);
    reload_done(&agent->reload);
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

/* Said at the start, and when it changes. */
static void log_source(struct agent *agent, const struct report *report)
{
    const struct source *source = &report->netns.source;
    if (report->failed || source->kind == agent->source)
        return;
    char reason[SOURCE_REASON_MAX];
    source_reason(source, reason);
    if (source->kind == SOURCE_PROCFS)
        log_event(&agent->log, LOG_LEVEL_WARN, "sockets are read from /proc/net", {"reason", reason},
                  {"unknown", "bound sockets, accept queue limits, ports that bind() chose"});
    else
        log_event(&agent->log, LOG_LEVEL_INFO, "sockets are read through netlink again", {"host", report->host});
    agent->source = source->kind;
}

/* Said when it begins and when it ends: single namespaces come and go. */
static void log_namespaces(struct agent *agent, const struct report *report)
{
    bool missing = report->agent.netns_reason[0] != '\0';
    if (report->failed || missing == agent->netns_missing)
        return;
    char watched[24];
    (void)snprintf(watched, sizeof(watched), "%" PRIu64, report->agent.netns_watched);
    if (missing)
        log_event(&agent->log, LOG_LEVEL_WARN, "not every namespace can be looked at", {"watched", watched},
                  {"reason", report->agent.netns_reason});
    else
        log_event(&agent->log, LOG_LEVEL_INFO, "every namespace can be looked at again", {"watched", watched});
    agent->netns_missing = missing;
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
    log_source(agent, report);
    log_namespaces(agent, report);
    /* A round that takes longer than the interval is followed by the next at once: then it is the interval. */
    double interval_seconds = (double)interval_ns / NS_PER_S;
    bool slow = report->agent.round_seconds > interval_seconds;
    report->agent.interval_seconds = slow ? report->agent.round_seconds : interval_seconds;
    http_counts(agent->http, &report->agent);
    report->agent.sandbox = agent->sandbox;
    reload_fill(&agent->reload, &report->agent);
    report->agent.process_start_seconds = agent->process_start_seconds;
    selfstat_read(&report->agent);
    agent->process_start_seconds = report->agent.process_start_seconds;
    summary_make(report, &report->summary);
    if (chronicle_add(&agent->chronicle, report) < 0)
        log_event(&agent->log, LOG_LEVEL_WARN, "events or samples of this round are missing",
                  {"reason", "out of memory"});
    if (board_publish(agent->board, report) < 0)
        log_event(&agent->log, LOG_LEVEL_ERROR, "round not published", {"reason", "out of memory"});
    return interval_ns;
}

enum heard { HEARD_NOTHING, HEARD_REREAD, HEARD_END };

static enum heard read_signals(struct agent *agent)
{
    struct signalfd_siginfo signal;
    enum heard heard = HEARD_NOTHING;
    while (heard != HEARD_END && read(agent->signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal))
        heard = signal.ssi_signo == SIGHUP ? HEARD_REREAD : HEARD_END;
    return heard;
}

/* Until a round is due, or there is something to heed: that is looked for even when the round is overdue. */
static enum heard wait_until(struct agent *agent, int64_t due_ns)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    for (;;) {
        int64_t left_ns = due_ns - clock_monotonic_ns();
        int64_t left_ms = left_ns > 0 ? (left_ns + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS : 0;
        int reap_ms = http_reap(agent->http);
        struct pollfd fd = {.fd = agent->signals, .events = POLLIN};
        int ready = poll(&fd, 1, left_ms < reap_ms ? (int)left_ms : reap_ms);
        enum heard heard = ready > 0 ? read_signals(agent) : HEARD_NOTHING;
        if (heard != HEARD_NOTHING || left_ns <= 0)
            return heard;
        /* What fails at once would be tried again at once. */
        if (ready != 0)
            (void)nanosleep(&pause, NULL);
    }
}

/* Rounds until a signal asks to end. */
static void loop(struct agent *agent)
{
    enum heard heard;
    do {
        reload_web_if_changed(&agent->reload);
        int64_t started_ns = clock_monotonic_ns();
        heard = wait_until(agent, started_ns + run_round(agent));
        if (heard == HEARD_REREAD)
            reload_all(&agent->reload);
    } while (heard != HEARD_END);
}

/* Blocked before any thread starts, so that every thread leaves them to the loop. */
static int open_signals(struct agent *agent)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    agent->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return agent->signals < 0 ? -errno : 0;
}

/* Settles for fewer connections when there are not descriptors enough, rather than not to start. */
static int reserve_descriptors(struct agent *agent, size_t listener_count, struct error *error)
{
    unsigned wanted = agent->options.max_connections;
    struct descriptors descriptors;
    int r = descriptors_reserve(listener_count, wanted, &descriptors, error);
    if (r < 0)
        return r;
    if (descriptors.connections < wanted) {
        char remedy[128];
        (void)snprintf(remedy, sizeof(remedy), "raise ulimit -Hn from %zu to %zu, or give --web.max-connections %u",
                       descriptors.limit, descriptors.needed, descriptors.connections);
        log_event(&agent->log, LOG_LEVEL_WARN, "file descriptors do not suffice for --web.max-connections",
                  {"remedy", remedy});
    }
    agent->connections = descriptors.connections;
    return 0;
}

static int start(struct agent *agent, struct listening *listening, const struct web_config *web, struct error *error)
{
    const struct options *options = &agent->options;
    struct round_options round = round_options_of(options);
    error_set(error, 0, "out of memory");
    int r = round_new(&round, &agent->round);
    if (r == 0)
        r = board_new(&agent->board);
    if (r == 0)
        r = chronicle_open(agent->board, options->history_ns, options->interval_ns, &agent->chronicle);
    if (r < 0)
        return r;
    r = open_signals(agent);
    if (r < 0)
        return error_set(error, r, "cannot wait for signals: %s", strerror(-r));
    struct http_options http = {
        .listeners = listening->fds,
        .listener_count = listening->count,
        .listeners_are_shared = listening->passed,
        .telemetry_path = options->telemetry_path,
        .max_connections = agent->connections,
        .max_connections_per_address = options->max_connections_per_address,
        .allowed_hosts = (const char *const *)options->allowed_hosts,
        .allowed_host_count = options->allowed_host_count,
        .web = web,
        .board = agent->board,
        .log = &agent->log,
    };
    r = http_start(&http, &agent->http, error);
    for (size_t i = 0; r == 0 && i < listening->count; i++)
        (void)steal_fd(&listening->fds[i]);
    if (r == 0)
        reload_begin(&agent->reload, agent->round, agent->http);
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
        (void)snprintf(url, sizeof(url), "%s://%s%s%s:%u", http_has_tls(agent->http) ? "https" : "http",
                       brackets ? "[" : "", all ? "127.0.0.1" : address, brackets ? "]" : "", endpoint->port);
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

static int say_what_is_right(const struct options *options)
{
    (void)puts("the settings are right");
    if (options->config_file != NULL)
        (void)printf("%s is right\n", options->config_file);
    if (options->web_config_file != NULL)
        (void)printf("%s is right\n", options->web_config_file);
    return EXIT_FREE;
}

/*
 * The large tables of a namespace are mostly never written. Fresh from the kernel, what is not written takes no memory;
 * malloc() would raise its limit by and by, and make them of memory that was used before.
 */
static void keep_large_tables_apart(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    (void)mallopt(M_TOP_PAD, 0);
}

int cmd_serve(int argc, char **argv)
{
    keep_large_tables_apart();
    keep_standard_descriptors();
    cleanup(agent_done) struct agent agent = {.signals = -1};
    agent.reload = (struct reload){
        .argc = argc, .argv = argv, .options = &agent.options, .log = &agent.log, .chronicle = &agent.chronicle};
    cleanup(web_config_done) struct web_config web = {0};
    struct error error;
    int r = options_parse(argc, argv, &agent.options, &error);
    if (r == 0)
        r = reload_read_web(&agent.options, &agent.reload.web_sources, &web, &error);
    if (r < 0)
        return command_refuse(r, &error);
    if (agent.options.check_config)
        return say_what_is_right(&agent.options);
    agent.log = (struct log){STDERR_FILENO, agent.options.log_level, agent.options.log_format};
    cleanup(listening_done) struct listening listening = {0};
    r = listening_open(&agent.options, &listening, &error);
    if (r == -EINVAL)
        return command_usage_error("%s", error.text);
    if (r == 0)
        r = reserve_descriptors(&agent, listening.count, &error);
    if (r == 0) {
        log_event(&agent.log, LOG_LEVEL_INFO, "starting", {"version", TIDEWAIT_VERSION},
                  {"revision", TIDEWAIT_REVISION}, {"netns", "self"}, {"scope", netns_scope()});
        r = confinement_begin(&agent.options, &agent.log, &agent.sandbox, &error);
        if (r == -EINVAL)
            return command_usage_error("%s", error.text);
    }
    if (r == 0)
        r = start(&agent, &listening, &web, &error);
    if (r < 0) {
        (void)fprintf(stderr, "tidewait: %s\n", error.text);
        return r == -EADDRINUSE ? EXIT_REFUSED : EXIT_UNDETERMINED;
    }
    announce(&agent, &listening);
    loop(&agent);
    log_event(&agent.log, LOG_LEVEL_INFO, "ending", {"reason", "asked to by a signal"});
    return EXIT_FREE;
}

void cmd_serve_print_flags(void)
{
    options_print();
}
