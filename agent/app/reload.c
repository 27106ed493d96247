#include "reload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/clock.h"
#include "confinement.h"
#include "flags.h"
#include "setting.h"

int reload_read_web(const struct options *options, struct web_sources *sources, struct web_config *ret_web,
                    struct error *error)
{
    cleanup(web_config_done) struct web_config web = {0};
    const char *file = options->web_config_file;
    if (file == NULL)
        web_sources_done(sources);
    int r = file != NULL ? web_config_load(file, sources, &web, error) : 0;
    if (r < 0)
        return r;
    r = http_check(&web, error);
    if (r < 0) {
        error_prefix(error, "%s", file);
        return r;
    }
    *ret_web = web;
    web = (struct web_config){0};
    return 0;
}

/* They were read before the sandbox gave up rights. */
static void warn_of_unreadable(const char *file, const struct log *log)
{
    if (file == NULL)
        return;
    cleanup(cleanup_close) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        log_event(log, LOG_LEVEL_WARN, "file cannot be read again", {"file", file}, {"reason", strerror(errno)},
                  {"hint", "let the user that the agent runs as read it"});
}

void reload_begin(struct reload *reload, struct round *round, struct http *http)
{
    reload->round = round;
    reload->http = http;
    reload->succeeded_ns = clock_now().realtime_ns;
    warn_of_unreadable(reload->options->config_file, reload->log);
    for (size_t i = 0; i < reload->web_sources.count; i++)
        warn_of_unreadable(reload->web_sources.items[i].path, reload->log);
}

void reload_done(struct reload *reload)
{
    web_sources_done(&reload->web_sources);
    options_done(&reload->started);
}

/* The one place that says how a reread went. file: NULL: there is none; error: NULL when it went well. */
static void tell(struct reload *reload, const char *file, const struct error *error)
{
    char sentence[ERROR_TEXT_MAX + 80]; /* chronicle_tell() cuts it */
    if (error == NULL) {
        reload->succeeded_ns = clock_now().realtime_ns;
        log_event(reload->log, LOG_LEVEL_INFO, "configuration reread", {"file", file != NULL ? file : "none"});
        chronicle_tell(reload->chronicle, EVENT_CONFIG_RELOADED, "the configuration was read again");
        return;
    }
    log_event(reload->log, LOG_LEVEL_ERROR, "configuration refused", {"reason", error->text},
              {"in_force", "the former one"});
    (void)snprintf(sentence, sizeof(sentence), "the configuration was refused, the former one stays: %s", error->text);
    chronicle_tell(reload->chronicle, EVENT_CONFIG_REFUSED, sentence);
}

static int refuse_fixed(const struct options *started, const struct options *now, struct error *error)
{
    for (const struct flag *flag = flags; flag->name != NULL; flag++)
        if (flag->same != NULL && !flag->same(started, now))
            return error_set(error, -EINVAL, "%s needs a restart to change: nothing was changed", flag->name);
    const char *lacking = confinement_lacks(started, now);
    if (lacking != NULL)
        return error_set(error, -EINVAL,
                         "%s needs a right that the sandbox gave up at the start: restart; nothing was changed",
                         lacking);
    return 0;
}

/* Those of the start, whose rights and strings are still in use. */
static const struct options *options_of_start(const struct reload *reload)
{
    return reload->started.telemetry_path != NULL ? &reload->started : reload->options;
}

/* HTTP goes on with strings of the options that it was started with; those that follow have the same. */
static void take(struct reload *reload, struct options *options)
{
    if (reload->started.telemetry_path == NULL)
        reload->started = *reload->options;
    else
        options_done(reload->options);
    *reload->options = *options;
    *options = (struct options){0};
    reload->log->level = reload->options->log_level;
    reload->log->format = reload->options->log_format;
}

/* Changes what is in force last, by a step that only lack of memory can stop. */
static int apply(struct reload *reload, struct options *options, const struct web_config *web, struct error *error)
{
    int r = refuse_fixed(options_of_start(reload), options, error);
    if (r == 0)
        r = http_secure(reload->http, web, error);
    if (r < 0)
        return r;
    struct round_options round = round_options_of(options);
    r = round_reconfigure(reload->round, &round);
    if (r < 0)
        return error_set(error, r, "out of memory");
    take(reload, options);
    return 0;
}

void reload_all(struct reload *reload)
{
    cleanup(options_done) struct options options = {0};
    cleanup(web_config_done) struct web_config web = {0};
    cleanup(web_sources_done) struct web_sources sources = {0};
    struct error error = {""};
    int r = options_parse(reload->argc, reload->argv, &options, &error);
    bool same_web = r == 0 && setting_same_text(options.web_config_file, reload->options->web_config_file);
    if (r == 0)
        r = reload_read_web(&options, &sources, &web, &error);
    if (r == 0)
        r = apply(reload, &options, &web, &error);
    /* A web config that is wrong is looked at again when it changes, not before. */
    if (r == 0 || same_web) {
        struct web_sources former = reload->web_sources;
        reload->web_sources = sources;
        sources = former;
    }
    reload->settings_wrong = r < 0;
    reload->web_wrong = reload->web_wrong && r < 0;
    tell(reload, reload->options->config_file, r < 0 ? &error : NULL);
}

void reload_web_if_changed(struct reload *reload)
{
    if (!web_sources_have_changed(&reload->web_sources, clock_now().realtime_ns))
        return;
    cleanup(web_config_done) struct web_config web = {0};
    struct error error = {""};
    int r = reload_read_web(reload->options, &reload->web_sources, &web, &error);
    if (r == 0)
        r = http_secure(reload->http, &web, &error);
    reload->web_wrong = r < 0;
    tell(reload, reload->options->web_config_file, r < 0 ? &error : NULL);
}

void reload_fill(const struct reload *reload, struct report_agent *agent)
{
    agent->reload = (struct report_reload){
        .known = reload->options->config_file != NULL || reload->options->web_config_file != NULL,
        .successful = !reload->settings_wrong && !reload->web_wrong,
        .succeeded_ns = reload->succeeded_ns,
    };
}
