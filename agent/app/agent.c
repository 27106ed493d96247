#include "agent.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <time.h>

#include "base/clock.h"
#include "collect/selfstat.h"
#include "judge/summary.h"

/* TIME_WAIT lasts 60 s: with looks closer than that, none passes unseen. */
#define LONGEST_INTERVAL_NS (50 * CLOCK_NS_PER_S)
/* Ending takes 3 s at most, of which requests under way may have so much. */
#define GRACE_MS 2500
/* Before what failed is tried again. */
#define PAUSE_NS (50 * CLOCK_NS_PER_MS)
#define NS_PER_S 1e9

void agent_done(struct agent *agent)
{
    http_stop(agent->http, GRACE_MS);
    chronicle_done(&agent->chronicle);
    board_free(agent->board);
    round_free(agent->round);
    notify_done(&agent->notify);
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
        notify_status(&agent->notify, "a round failed: out of memory");
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
    notify_status(&agent->notify, report->summary.lines[0].text);
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
        int sign_ms = notify_alive(&agent->notify);
        int care_ms = reap_ms < sign_ms ? reap_ms : sign_ms;
        struct pollfd fd = {.fd = agent->signals, .events = POLLIN};
        int ready = poll(&fd, 1, left_ms < care_ms ? (int)left_ms : care_ms);
        enum heard heard = ready > 0 ? read_signals(agent) : HEARD_NOTHING;
        if (heard != HEARD_NOTHING || left_ns <= 0)
            return heard;
        /* What fails at once would be tried again at once. */
        if (ready != 0)
            (void)nanosleep(&pause, NULL);
    }
}

void agent_run(struct agent *agent)
{
    enum heard heard;
    do {
        reload_web_if_changed(&agent->reload);
        int64_t started_ns = clock_monotonic_ns();
        int64_t due_ns = started_ns + run_round(agent);
        notify_ready(&agent->notify);
        heard = wait_until(agent, due_ns);
        if (heard == HEARD_REREAD) {
            notify_reloading(&agent->notify);
            reload_all(&agent->reload);
        }
    } while (heard != HEARD_END);
    notify_stopping(&agent->notify);
}

int agent_open_signals(struct agent *agent)
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
