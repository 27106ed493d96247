#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/suggestion.h"
#include "flags.h"
#include "options_file.h"
#include "watches.h"

#define VARIABLE_MAX 64
#define FLAG_NAME_MAX 64

/* "web.listen-address" -> "TIDEWAIT_WEB_LISTEN_ADDRESS" */
static void variable_of(const struct flag *flag, char ret_name[static VARIABLE_MAX])
{
    int length = snprintf(ret_name, VARIABLE_MAX, "TIDEWAIT_%s", flag->name);
    for (int i = 0; i < length; i++)
        ret_name[i] = isalnum((unsigned char)ret_name[i]) ? (char)toupper((unsigned char)ret_name[i]) : '_';
}

static int set_list(const struct flag *flag, struct options *options, const char *value, struct error *error)
{
    cleanup(cleanup_free) char *copy = strdup(value);
    if (copy == NULL)
        return -ENOMEM;
    char *rest = copy;
    for (char *item = strsep(&rest, ","); item != NULL; item = strsep(&rest, ",")) {
        int r = flag->set(options, item, error);
        if (r < 0)
            return r;
    }
    return 0;
}

static int set_text(const struct flag *flag, struct options *options, const char *value, struct error *error)
{
    return flag->kind == FLAG_LIST ? set_list(flag, options, value, error) : flag->set(options, value, error);
}

/* One argument of the command line, taken apart. */
struct given {
    const struct flag *flag;
    const char *value;
};

static bool is_named(const struct flag *flag, const char *name, size_t length)
{
    return strlen(flag->name) == length && strncmp(flag->name, name, length) == 0;
}

/* name: of so many bytes. */
static int refuse_unknown(const char *name, size_t length, struct error *error)
{
    char typed[FLAG_NAME_MAX];
    (void)snprintf(typed, sizeof(typed), "%.*s", (int)length, name);
    struct suggestion suggestion = {.typed = typed};
    for (const struct flag *flag = flags; flag->name != NULL; flag++)
        suggestion_offer(&suggestion, flag->name);
    if (suggestion.name != NULL)
        return error_set(error, -EINVAL, "there is no flag \"--%.40s\": did you mean --%s?", typed, suggestion.name);
    return error_set(error, -EINVAL, "there is no flag \"--%.40s\"; `tidewait help serve` lists those there are",
                     typed);
}

/* Takes one flag, and its value, from argv[*at]; moves *at past them. */
static int take(char **argv, int argc, int *at, struct given *ret_given, struct error *error)
{
    const char *argument = argv[(*at)++];
    if (strncmp(argument, "--", 2) != 0 || argument[2] == '\0')
        return error_set(error, -EINVAL, "\"%.40s\" is not a flag; `tidewait help serve` lists them", argument);
    const char *name = argument + 2;
    const char *value = strchr(name, '=');
    size_t length = value != NULL ? (size_t)(value - name) : strlen(name);
    for (const struct flag *flag = flags; flag->name != NULL; flag++) {
        bool negated = flag->kind == FLAG_BOOL && strncmp(name, "no-", 3) == 0 && is_named(flag, name + 3, length - 3);
        if (!negated && !is_named(flag, name, length))
            continue;
        if (flag->kind == FLAG_BOOL && value != NULL)
            return error_set(error, -EINVAL, "--%s takes no value: give --%s or --no-%s", flag->name, flag->name,
                             flag->name);
        if (flag->kind == FLAG_BOOL)
            value = negated ? "false" : "true";
        else if (value != NULL)
            value++;
        else if (*at < argc)
            value = argv[(*at)++];
        else
            return error_set(error, -EINVAL, "--%s needs a value: give --%s %s", flag->name, flag->name,
                             flag->argument);
        *ret_given = (struct given){.flag = flag, .value = value};
        return 0;
    }
    return refuse_unknown(name, length, error);
}

static int take_arguments(int argc, char **argv, struct options *options, bool set[static FLAGS_MAX],
                          struct error *error)
{
    for (int at = 1; at < argc;) {
        struct given given = {0};
        int r = take(argv, argc, &at, &given, error);
        if (r < 0)
            return r;
        bool *is_set = &set[given.flag - flags];
        if (*is_set && (given.flag->kind == FLAG_VALUE || given.flag->kind == FLAG_FILE))
            return error_set(error, -EINVAL, "--%s is given twice: give it once", given.flag->name);
        *is_set = true;
        r = given.flag->set(options, given.value, error);
        if (r < 0) {
            error_prefix(error, "--%s", given.flag->name);
            return r;
        }
    }
    return 0;
}

static int take_environment(struct options *options, bool set[static FLAGS_MAX], struct error *error)
{
    for (size_t i = 0; flags[i].name != NULL; i++) {
        char variable[VARIABLE_MAX];
        variable_of(&flags[i], variable);
        const char *value = getenv(variable);
        if (set[i] || value == NULL)
            continue;
        set[i] = true;
        int r = set_text(&flags[i], options, value, error);
        if (r < 0) {
            error_prefix(error, "%s", variable);
            return r;
        }
    }
    return 0;
}

static int take_defaults(struct options *options, const bool set[static FLAGS_MAX], struct error *error)
{
    int r = 0;
    for (size_t i = 0; r == 0 && flags[i].name != NULL; i++)
        if (!set[i] && flags[i].initial != NULL)
            r = set_text(&flags[i], options, flags[i].initial, error);
    return r;
}

/* Who speaks first is right: the later ones only set what nobody has. */
static int read_all(int argc, char **argv, struct options *options, struct error *error)
{
    bool set[FLAGS_MAX] = {false};
    int r = take_arguments(argc, argv, options, set, error);
    if (r == 0)
        r = take_environment(options, set, error);
    if (r == 0 && options->config_file != NULL)
        r = options_file_take(options->config_file, options, set, error);
    return r < 0 ? r : take_defaults(options, set, error);
}

int options_parse(int argc, char **argv, struct options *ret_options, struct error *error)
{
    struct options options = {0};
    error_set(error, 0, "out of memory");
    int r = read_all(argc, argv, &options, error);
    watches_settle(&options);
    size_t watched = watches_ports(&options);
    if (r == 0 && watched > options.max_ports)
        r = error_set(error, -EINVAL, "--watch: %zu ports are watched, and --max-ports is %zu: raise it to %zu",
                      watched, options.max_ports, watched);
    if (r < 0) {
        options_done(&options);
        return r;
    }
    *ret_options = options;
    return 0;
}

void options_done(struct options *options)
{
    for (size_t i = 0; i < options->listen_address_count; i++)
        free(options->listen_addresses[i]);
    free(options->listen_addresses);
    for (size_t i = 0; i < options->allowed_host_count; i++)
        free(options->allowed_hosts[i]);
    free(options->allowed_hosts);
    for (size_t i = 0; i < options->netns_path_count; i++)
        free(options->netns_paths[i]);
    free(options->netns_paths);
    free(options->telemetry_path);
    free(options->web_config_file);
    free(options->config_file);
    free(options->watches);
    free(options->user);
    *options = (struct options){0};
}

void options_print(void)
{
    (void)puts("\nFlags, and the variables that stand in for them:");
    for (const struct flag *flag = flags; flag->name != NULL; flag++) {
        char variable[VARIABLE_MAX];
        variable_of(flag, variable);
        (void)printf("  --%s%s%s%s\n        %s", flag->kind == FLAG_BOOL ? "[no-]" : "", flag->name,
                     flag->argument != NULL ? " " : "", flag->argument != NULL ? flag->argument : "", flag->meaning);
        if (flag->initial != NULL)
            (void)printf(" (default %s)", flag->initial);
        (void)printf("\n        %s\n", variable);
    }
}
