/*
 * A program for seccomp(2), made of rules and without any allocation: the compiler of libseccomp (2.5.4) ends the
 * process by a signal, never ends, or makes another program than it was told to, when one of its allocations fails.
 * libseccomp gives the numbers of the system calls.
 */
#pragma once

#include <linux/filter.h>
#include <stdint.h>

#include "base/cleanup.h"

#define PROGRAM_CONDITIONS_MAX 3
#define PROGRAM_WHOLE UINT32_MAX

/* A system call, where the masked bits of each argument named are the value. Of an argument 32 bits are looked at. */
struct program_rule {
    int call; /* SCMP_SYS() */
    struct {
        unsigned argument;
        uint32_t mask; /* 0: no further condition */
        uint32_t value;
    } conditions[PROGRAM_CONDITIONS_MAX];
};

#define PROGRAM_STEPS_MAX 1024

struct program {
    struct sock_filter steps[PROGRAM_STEPS_MAX];
    unsigned short count; /* PROGRAM_STEPS_MAX: it may be incomplete */
};

/* Empty; calls of another architecture than the process's own get this SECCOMP_RET_ action. */
void program_init(struct program *program, uint32_t foreign);
/* What is looked at after all earlier rules: when it matches, the call gets this action. */
void program_add(struct program *program, const struct program_rule *rule, uint32_t action);
/*
 * Whatever no rule matches gets this action; in force in all threads from now on, for good. no_new_privs must be set.
 * Returns 0, -E2BIG when there are too many rules, or a negative errno of seccomp(2).
 */
must_use int program_load(struct program *program, uint32_t otherwise);
