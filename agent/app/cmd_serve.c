#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>

#include "agent.h"
#include "base/version.h"
#include "collect/netns.h"
#include "command.h"
#include "confinement.h"
#include "descriptors.h"
#include "listening.h"

#define LARGE_BYTES (24 * 1024)

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
    agent->namespaces = descriptors.namespaces;
    return 0;
}

static int start(struct agent *agent, struct listening *listening, const struct web_config *web, struct error *error)
{
    const struct options *options = &agent->options;
    struct round_options round = round_options_of(options);
    error_set(error, 0, "out of memory");
    int r = round_new(&round, &agent->round);
    if (r == 0)
        round_limit_namespaces(agent->round, agent->namespaces);
    if (r == 0)
        r = board_new(&agent->board);
    if (r == 0)
        r = chronicle_open(agent->board, options->history_ns, options->interval_ns, &agent->chronicle);
    if (r < 0)
        return r;
    r = agent_open_signals(agent);
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

/* A manager that cannot be told is no reason not to run; it may have been meant for whoever started us. */
static void open_notify(struct agent *agent)
{
    struct error error;
    if (notify_open(&agent->notify, &error) < 0)
        log_event(&agent->log, LOG_LEVEL_WARN, "the service manager cannot be told how the agent is",
                  {"reason", error.text});
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
    cleanup(agent_done) struct agent agent = {.signals = -1, .notify = NOTIFY_NOBODY};
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
        open_notify(&agent);
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
    agent_run(&agent);
    log_event(&agent.log, LOG_LEVEL_INFO, "ending", {"reason", "asked to by a signal"});
    return EXIT_FREE;
}

void cmd_serve_print_flags(void)
{
    options_print();
}
