#include "program.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#define CALL offsetof(struct seccomp_data, nr)
#define ARCHITECTURE offsetof(struct seccomp_data, arch)
/* Of an argument's 64 bits; a load takes 32. */
#define LOW_HALF (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0)

static void add_step(struct program *program, struct sock_filter step)
{
    if (program->count < PROGRAM_STEPS_MAX)
        program->steps[program->count++] = step;
}

static void add_load(struct program *program, size_t offset)
{
    add_step(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* Where it is not the value, so many steps are left out. */
static void add_unless(struct program *program, uint32_t value, uint8_t left_out)
{
    add_step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, left_out));
}

static void add_action(struct program *program, uint32_t action)
{
    add_step(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

void program_init(struct program *program, uint32_t foreign)
{
    program->count = 0;
    add_load(program, ARCHITECTURE);
    add_step(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, seccomp_arch_native(), 1, 0));
    add_action(program, foreign);
}

void program_add(struct program *program, const struct program_rule *rule, uint32_t action)
{
    enum { STEPS = 3 /* of a condition */ };
    size_t count = 0;
    while (count < PROGRAM_CONDITIONS_MAX && rule->conditions[count].mask != 0)
        count++;
    add_load(program, CALL);
    add_unless(program, (uint32_t)rule->call, (uint8_t)(count * STEPS + 1));
    for (size_t i = 0; i < count; i++) {
        add_load(program,
                 offsetof(struct seccomp_data, args) + rule->conditions[i].argument * sizeof(uint64_t) + LOW_HALF);
        add_step(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, rule->conditions[i].mask));
        add_unless(program, rule->conditions[i].value, (uint8_t)((count - i - 1) * STEPS + 1));
    }
    add_action(program, action);
}

int program_load(struct program *program, uint32_t otherwise)
{
    add_action(program, otherwise);
    if (program->count == PROGRAM_STEPS_MAX)
        return -E2BIG;
    struct sock_fprog code = {.len = program->count, .filter = program->steps};
    long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &code);
    /* A positive number is the thread that could not follow. */
    return r < 0 ? -errno : r > 0 ? -ESRCH : 0;
}
