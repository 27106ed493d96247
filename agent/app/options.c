#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "flags.h"

int options_endpoint_order(const struct endpoint *left, const struct endpoint *right)
{
    if (left->protocol != right->protocol)
        return left->protocol < right->protocol ? -1 : 1;
    if (left->port != right->port)
        return left->port < right->port ? -1 : 1;
    if (left->any_address || right->any_address)
        return (int)right->any_address - (int)left->any_address;
    if (left->address.family != right->address.family)
        return left->address.family < right->address.family ? -1 : 1;
    return memcmp(left->address.bytes, right->address.bytes, sizeof(left->address.bytes));
}

#define FLAGS_MAX 64
#define VARIABLE_MAX 64

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

static int set_from_environment(const struct flag *flag, struct options *options, struct error *error)
{
    char variable[VARIABLE_MAX];
    variable_of(flag, variable);
    const char *value = getenv(variable);
    const char *source = variable;
    if (value == NULL) {
        value = flag->initial;
        source = flag->name;
    }
    if (value == NULL)
        return 0;
    int r = flag->kind == FLAG_LIST ? set_list(flag, options, value, error) : flag->set(options, value, error);
    if (r < 0)
        error_prefix(error, "%s", source);
    return r;
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
    return error_set(error, -EINVAL, "there is no flag \"%.40s\"; `tidewait help serve` lists those there are",
                     argument);
}

static int read_all(int argc, char **argv, struct options *options, struct error *error)
{
    bool on_command_line[FLAGS_MAX] = {false};
    struct given given;
    int r = 0;
    for (int at = 1; at < argc;) {
        r = take(argv, argc, &at, &given, error);
        if (r < 0)
            return r;
        size_t index = (size_t)(given.flag - flags);
        if (on_command_line[index] && given.flag->kind == FLAG_VALUE)
            return error_set(error, -EINVAL, "--%s is given twice: give it once", given.flag->name);
        on_command_line[index] = true;
    }
    for (size_t i = 0; flags[i].name != NULL; i++)
        if (!on_command_line[i] && (r = set_from_environment(&flags[i], options, error)) < 0)
            return r;
    for (int at = 1; at < argc;) {
        r = take(argv, argc, &at, &given, error);
        if (r == 0)
            r = given.flag->set(options, given.value, error);
        if (r < 0) {
            error_prefix(error, "--%s", given.flag->name);
            return r;
        }
    }
    return 0;
}

/* Several endpoints of one port need one place. */
static size_t watched_ports(const struct options *options)
{
    size_t count = 0;
    for (size_t i = 0; i < options->watch_count; i++) {
        const struct endpoint *endpoint = &options->watches[i].endpoint;
        const struct endpoint *before = i > 0 ? &options->watches[i - 1].endpoint : NULL;
        if (before == NULL || before->protocol != endpoint->protocol || before->port != endpoint->port)
            count++;
    }
    return count;
}

int options_parse(int argc, char **argv, struct options *ret_options, struct error *error)
{
    struct options options = {0};
    error_set(error, 0, "out of memory");
    int r = read_all(argc, argv, &options, error);
    if (r == 0 && watched_ports(&options) > options.max_ports)
        r = error_set(error, -EINVAL, "--watch: %zu ports are watched, and --max-ports is %zu: raise it to %zu",
                      watched_ports(&options), options.max_ports, watched_ports(&options));
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
