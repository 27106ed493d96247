#include "command.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

const struct command commands[] = {
    {"serve", "[flags]", "the agent: watches the ports, serves metrics and JSON", cmd_serve, cmd_serve_print_flags},
    {"why", "ENDPOINT... [flags]", "can it be bound now; if not, who holds it, when is it free, what to do", cmd_why,
     cmd_why_print_flags},
    {"wait", "ENDPOINT... [flags]", "comes back when it is free, or listening", cmd_wait, cmd_wait_print_flags},
    {"release", "ENDPOINT --time-wait", "ends the TIME_WAIT sockets of an endpoint now", cmd_release,
     cmd_release_print_flags},
    {"ports", "[--all] [--json]", "one table: every port with a listener, its verdict and its owner", cmd_ports,
     cmd_ports_print_flags},
    {"events", "[--follow] [--json]", "what happened, as the agent remembers it", cmd_events, cmd_events_print_flags},
    {"healthcheck", "[URL]", "is the agent ready: for containers without curl", cmd_healthcheck,
     cmd_healthcheck_print_flags},
    {"help", "[COMMAND]", "what the commands do, and their flags", cmd_help, NULL},
    {"version", "", "the version", cmd_version, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

const struct command *command_find(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    for (const struct command *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

int command_refuse(int refusal, const struct error *error)
{
    if (refusal == 0)
        return EXIT_FREE;
    (void)fprintf(stderr, "tidewait: %s\n", error->text);
    /* Want of memory is no mistake of the one who asks. */
    return refusal == -ENOMEM ? EXIT_UNDETERMINED : EXIT_USAGE;
}

int command_usage_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("tidewait: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    return EXIT_USAGE;
}
