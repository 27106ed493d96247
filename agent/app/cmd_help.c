#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "command.h"

static void print_overview(void)
{
    (void)puts(
        "tidewait answers for every port: can a server bind it now; if not, who holds it, and when is it free?\n");
    for (const struct command *command = commands; command->name != NULL; command++) {
        char usage[64];
        (void)snprintf(usage, sizeof(usage), "%s %s", command->name, command->synopsis);
        (void)printf("  tidewait %-24s %s\n", usage, command->summary);
    }
    (void)puts("\n`tidewait help COMMAND` shows its flags.");
}

static int print_one(const char *name)
{
    const struct command *command = command_find(name);
    if (command == NULL)
        return command_usage_error("there is no command \"%.40s\"; `tidewait help` lists those there are", name);
    (void)printf("tidewait %s %s\n    %s\n", command->name, command->synopsis, command->summary);
    if (command->print_flags != NULL)
        command->print_flags();
    return EXIT_FREE;
}

int cmd_help(int argc, char **argv)
{
    if (argc > 2)
        return command_usage_error("help takes one command, as in `tidewait help serve`");
    if (argc == 2)
        return print_one(argv[1]);
    print_overview();
    return EXIT_FREE;
}

int cmd_version(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return command_usage_error("version takes nothing else");
    (void)printf("tidewait %s (%s, %s, libmicrohttpd %s)\n", TIDEWAIT_VERSION, TIDEWAIT_REVISION, TIDEWAIT_COMPILER,
                 TIDEWAIT_LIBMICROHTTPD);
    return EXIT_FREE;
}
