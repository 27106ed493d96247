#include <signal.h>
#include <stdio.h>

#include "command.h"

int main(int argc, char **argv)
{
    /* A reader that went away shows as a failed write, not as a death. */
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc < 2)
        return command_usage_error("give a command, as in `tidewait ports`; `tidewait help` lists them");
    const struct command *command = command_find(argv[1]);
    if (command == NULL)
        return command_usage_error("there is no command \"%.40s\"; `tidewait help` lists those there are", argv[1]);
    bool wants_help = argc > 2 && strcmp(argv[argc - 1], "--help") == 0;
    int code = wants_help ? cmd_help(2, argv) : command->run(argc - 1, argv + 1);
    /* What did not reach the reader was not answered. */
    if (fflush(stdout) != 0 && code == EXIT_FREE)
        code = EXIT_UNDETERMINED;
    return code;
}
