/* A verb of the command line. */
#pragma once

#include "base/error.h"
#include "model/verdict.h"

/* What the process says to its caller: the one list of exit codes. */
enum exit_code {
    EXIT_FREE = 0,         /* free, met, ok */
    EXIT_REFUSED = 1,      /* held, timed out, refused */
    EXIT_USAGE = 2,        /* what was asked for makes no sense; one line on stderr says what would */
    EXIT_UNDETERMINED = 3, /* a privilege, a kernel feature or a file is missing; named on stderr */
    EXIT_REUSABLE = 4,     /* can be bound only with SO_REUSEADDR */
    EXIT_INTERRUPTED = 130 /* by SIGINT, as a shell says it */
};

/* What a verdict means to a caller; reuseaddr: for a server that sets SO_REUSEADDR. */
int exit_code_of(const struct verdict *verdict, bool reuseaddr);
/* Of several endpoints the worst counts: 3, 1, 4, 0. */
int exit_code_worse(int left, int right);

struct command {
    const char *name;
    const char *synopsis; /* after the name: "[--all] [--json]" */
    const char *summary;  /* one line */
    /* argv[0] is the command's name. Returns an exit_code. */
    int (*run)(int argc, char **argv);
    /* Prints what `tidewait help NAME` says below the summary; NULL when there is no more to say. */
    void (*print_flags)(void);
};

/* All commands, in the order in which help shows them; ends with a NULL name. */
extern const struct command commands[];

/* NULL when there is none of that name. */
const struct command *command_find(const char *name);

int cmd_serve(int argc, char **argv);
int cmd_why(int argc, char **argv);
int cmd_wait(int argc, char **argv);
int cmd_ports(int argc, char **argv);
int cmd_release(int argc, char **argv);
int cmd_events(int argc, char **argv);
int cmd_healthcheck(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_version(int argc, char **argv);

void cmd_serve_print_flags(void);
void cmd_why_print_flags(void);
void cmd_wait_print_flags(void);
void cmd_ports_print_flags(void);
void cmd_release_print_flags(void);
void cmd_events_print_flags(void);
void cmd_healthcheck_print_flags(void);

/* Prints "tidewait: reason" on stderr. Returns EXIT_USAGE. */
int command_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a refusal, 0 or a negative errno. 0: EXIT_FREE, and nothing is printed; -ENOMEM: EXIT_UNDETERMINED. */
int command_refuse(int refusal, const struct error *error);
