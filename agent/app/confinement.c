#include "confinement.h"

#include <errno.h>
#include <stdio.h>

#include "base/buf.h"
#include "collect/kernel.h"
#include "sandbox/sandbox.h"

#define LIST_MAX 1024
/* Of a kernel that does not tell (ip(7)). */
#define UNPRIVILEGED_PORT_START 1024

_Static_assert(SANDBOX_WORDS_MAX == REPORT_SANDBOX_WORDS_MAX, "a report has room for all words");

static bool probes_privileged_ports(const struct options *options)
{
    struct kernel_settings settings;
    int64_t start = UNPRIVILEGED_PORT_START;
    if (kernel_read_settings(&settings, NULL) == 0 && settings.unprivileged_port_start != KERNEL_UNKNOWN)
        start = settings.unprivileged_port_start;
    bool any = options->watch_listeners;
    for (size_t i = 0; i < options->watch_count; i++)
        any = any || options->watches[i].endpoint.port < start;
    return options->probe && any && start > 1;
}

static bool needs_other_namespaces(const struct options *options)
{
    return options->every_netns || options->netns_path_count > 0;
}

static bool finds_namespaces(const struct options *options)
{
    static const char of_processes[] = "/proc/";
    bool any = options->every_netns;
    for (size_t i = 0; i < options->netns_path_count; i++)
        any = any || strncmp(options->netns_paths[i], of_processes, strlen(of_processes)) == 0;
    return any;
}

static void add_words(struct buf *text, const char *separator, const char *const words[], const char *otherwise)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        if (i > 0)
            buf_add_text(text, separator);
        buf_add_text(text, words[i]);
    }
    if (words[0] == NULL)
        buf_add_text(text, otherwise);
}

static void announce(const struct options *options, const struct log *log, const struct report_sandbox *sandbox)
{
    char uid[16];
    cleanup(buf_done) struct buf kept;
    cleanup(buf_done) struct buf unknown;
    buf_init(&kept, LIST_MAX);
    buf_init(&unknown, LIST_MAX);
    (void)snprintf(uid, sizeof(uid), "%u", sandbox->uid);
    add_words(&kept, " ", sandbox->kept, "none");
    add_words(&unknown, "; ", sandbox->unknown, "nothing");
    if (kept.failure != 0 || unknown.failure != 0)
        return;
    const struct log_field fields[] = {{"state", "on"},
                                       {"uid", uid},
                                       {"capabilities", kept.data},
                                       {"seccomp", sandbox->filtered ? "on" : "off"},
                                       {"unknown", unknown.data},
                                       {"hint", "still root: --user USER gives that up, too"}};
    size_t count = sizeof(fields) / sizeof(fields[0]);
    bool stays_root = sandbox->uid == 0 && options->user == NULL;
    log_write(log, LOG_LEVEL_INFO, "sandbox", fields, stays_root ? count : count - 1);
}

int confinement_begin(const struct options *options, const struct log *log, struct report_sandbox *ret_sandbox,
                      struct error *error)
{
    if (!options->sandbox && options->user != NULL)
        return error_set(error, -EINVAL, "--user is part of the sandbox: leave out --sandbox off, or --user");
    if (!options->sandbox) {
        log_event(log, LOG_LEVEL_WARN, "sandbox", {"state", "off"},
                  {"hint", "the agent keeps every right that it was started with: for debugging only"});
        *ret_sandbox = (struct report_sandbox){.on = false};
        return 0;
    }
    const struct sandbox_needs needs = {
        .owners = options->owners,
        .privileged_ports = probes_privileged_ports(options),
        .other_namespaces = needs_other_namespaces(options),
        .found_namespaces = finds_namespaces(options),
        .user = options->user,
    };
    struct sandbox_state state;
    int r = sandbox_drop(&needs, &state, error);
    if (r < 0)
        return r;
    if (CONFINEMENT_FILTERED)
        r = sandbox_filter(&needs, CONFINEMENT_REFUSAL, error);
    if (r < 0)
        return r;
    struct report_sandbox sandbox = {.on = true, .filtered = CONFINEMENT_FILTERED, .uid = state.uid};
    memcpy(sandbox.kept, state.kept, sizeof(sandbox.kept));
    memcpy(sandbox.unknown, state.unknown, sizeof(sandbox.unknown));
    announce(options, log, &sandbox);
    *ret_sandbox = sandbox;
    return 0;
}

const char *confinement_lacks(const struct options *started, const struct options *now)
{
    if (!started->sandbox)
        return NULL;
    if (now->owners && !started->owners)
        return "owners";
    if ((needs_other_namespaces(now) && !needs_other_namespaces(started)) ||
        (finds_namespaces(now) && !finds_namespaces(started)))
        return "netns";
    return probes_privileged_ports(now) && !probes_privileged_ports(started) ? "a test-bind of a privileged port"
                                                                             : NULL;
}
