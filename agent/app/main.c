#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

const struct command commands[] = {
    {"serve", "[flags]", "the agent: watches the ports, serves metrics and JSON", cmd_serve, cmd_serve_print_flags},
    {"why", "ENDPOINT... [flags]", "can it be bound now; if not, who holds it, when is it free, what to do", cmd_why,
     cmd_why_print_flags},
    {"wait", "ENDPOINT... [flags]", "comes back when it is free, or listening", cmd_wait, cmd_wait_print_flags},
    {"release", "ENDPOINT --time-wait", "ends the TIME_WAIT sockets of an endpoint now", cmd_release,
     cmd_release_print_flags},
    {"ports", "[--all] [--json]", "one table: every port with a listener, its verdict and its owner", cmd_ports,
     cmd_ports_print_flags},
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

int main(int argc, char **argv)
{
    /* A reader that went away shows as a failed write, not as a death. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc < 2)
        return command_usage_error("give a command, as in `tidewait ports`; `tidewait help` lists them");
    const struct command *command = command_find(argv[1]);
    if (command == NULL)
        return command_usage_error("there is no command \"%.40s\"; `tidewait help` lists those there are", argv[1]);
    bool wants_help = argc == 3 && strcmp(argv[2], "--help") == 0;
    int code = wants_help ? cmd_help(2, argv) : command->run(argc - 1, argv + 1);
    /* What did not reach the reader was not answered. */
    if (fflush(stdout) != 0 && code == EXIT_FREE)
        code = EXIT_UNDETERMINED;
    return code;
}
