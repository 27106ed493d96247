#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "program.h"
#include "sandbox/sandbox.h"

/* Where a kernel header would have to be included for one number. */
#define SOCK_DIAG 4              /* NETLINK_SOCK_DIAG of netlink(7) */
#define NETLINK_ADDRESS_BYTES 12 /* of its address; those of the internet are longer */
#define SOCKET_TYPE 0xf          /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

/* Whatever their arguments. */
static const int harmless[] = {
    /* descriptors */
    SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(close),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(eventfd2), SCMP_SYS(signalfd4),
    /* files and directories, which openat() below opens only for reading */
    SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
    /* sockets, which socket() below makes */
    SCMP_SYS(bind), SCMP_SYS(accept4), SCMP_SYS(shutdown), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
    SCMP_SYS(getsockname), SCMP_SYS(getsockopt),
    /* memory, which mmap() and mprotect() below never make executable */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
    /* threads and signals */
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_getaffinity), SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group),
    /* the clock and the weather */
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(getrandom), SCMP_SYS(uname),
    SCMP_SYS(sysinfo), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(geteuid)};

#define WHOLE PROGRAM_WHOLE

#define NAMESPACES                                                                                                     \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const struct program_rule restricted[] = {
    {SCMP_SYS(openat), {{2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY}}},
    {SCMP_SYS(mmap), {{2, PROT_EXEC, 0}}},
    {SCMP_SYS(mprotect), {{2, PROT_EXEC, 0}}},
    /* A thread, never a process. */
    {SCMP_SYS(clone), {{0, CLONE_THREAD | NAMESPACES, CLONE_THREAD}}},
    {SCMP_SYS(socket), {{0, WHOLE, AF_INET}, {1, SOCKET_TYPE, SOCK_STREAM}, {2, WHOLE, 0}}},
    {SCMP_SYS(socket), {{0, WHOLE, AF_INET}, {1, SOCKET_TYPE, SOCK_DGRAM}, {2, WHOLE, 0}}},
    {SCMP_SYS(socket), {{0, WHOLE, AF_INET6}, {1, SOCKET_TYPE, SOCK_STREAM}, {2, WHOLE, 0}}},
    {SCMP_SYS(socket), {{0, WHOLE, AF_INET6}, {1, SOCKET_TYPE, SOCK_DGRAM}, {2, WHOLE, 0}}},
    {SCMP_SYS(socket), {{0, WHOLE, AF_NETLINK}, {1, SOCKET_TYPE, SOCK_RAW}, {2, WHOLE, SOCK_DIAG}}},
    /* To whom it is connected already, or to the kernel. */
    {SCMP_SYS(sendto), {{5, WHOLE, 0}}},
    {SCMP_SYS(sendto), {{5, WHOLE, NETLINK_ADDRESS_BYTES}}},
    {SCMP_SYS(setsockopt), {{1, WHOLE, SOL_SOCKET}, {2, WHOLE, SO_REUSEADDR}}},
    {SCMP_SYS(setsockopt), {{1, WHOLE, SOL_SOCKET}, {2, WHOLE, SO_RCVTIMEO}}},
    {SCMP_SYS(setsockopt), {{1, WHOLE, IPPROTO_IPV6}, {2, WHOLE, IPV6_V6ONLY}}},
    {SCMP_SYS(setsockopt), {{1, WHOLE, IPPROTO_TCP}, {2, WHOLE, TCP_NODELAY}}},
    {SCMP_SYS(setsockopt), {{1, WHOLE, IPPROTO_TCP}, {2, WHOLE, TCP_CORK}}},
    {SCMP_SYS(fcntl), {{1, WHOLE, F_GETFD}}},
    {SCMP_SYS(fcntl), {{1, WHOLE, F_SETFD}}},
    {SCMP_SYS(fcntl), {{1, WHOLE, F_GETFL}}},
    {SCMP_SYS(fcntl), {{1, WHOLE, F_SETFL}}},
    {SCMP_SYS(fcntl), {{1, WHOLE, F_DUPFD_CLOEXEC}}},
    {SCMP_SYS(prctl), {{0, WHOLE, PR_SET_NAME}}},
    /* Of no other process. */
    {SCMP_SYS(prlimit64), {{0, WHOLE, 0}}},
};

/* The options of a listening socket are read through a copy of it. */
static const struct program_rule for_owners[] = {{.call = SCMP_SYS(pidfd_open)}, {.call = SCMP_SYS(pidfd_getfd)}};
static const struct program_rule for_namespaces[] = {{SCMP_SYS(setns), {{1, WHOLE, CLONE_NEWNET}}}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void allow(struct program *program, const struct program_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        program_add(program, &rules[i], SECCOMP_RET_ALLOW);
}

static void allow_harmless(struct program *program)
{
    for (size_t i = 0; i < COUNT(harmless); i++)
        program_add(program, &(struct program_rule){.call = harmless[i]}, SECCOMP_RET_ALLOW);
}

/* What depends on this process, or gets an answer of its own. */
static void add_special(struct program *program)
{
    const struct program_rule own[] = {
        /* abort() */
        {SCMP_SYS(tgkill), {{0, WHOLE, (uint32_t)getpid()}}},
        /* A tracer's "skip this call": fault injection by strace. The kernel itself answers ENOSYS. */
        {.call = -1},
    };
    allow(program, own, COUNT(own));
    /* Its flags are in memory, out of the filter's sight; glibc then tries clone(). */
    program_add(program, &(struct program_rule){.call = SCMP_SYS(clone3)}, SECCOMP_RET_ERRNO | ENOSYS);
}

int sandbox_filter(const struct sandbox_needs *needs, enum sandbox_refusal refusal, struct error *error)
{
    uint32_t refused = refusal == SANDBOX_KILL ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | EPERM;
    struct program program;
    /* 32-bit calls have other numbers. */
    program_init(&program, refused);
    allow_harmless(&program);
    allow(&program, restricted, COUNT(restricted));
    if (needs->owners)
        allow(&program, for_owners, COUNT(for_owners));
    if (needs->other_namespaces)
        allow(&program, for_namespaces, COUNT(for_namespaces));
    add_special(&program);
    int r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : program_load(&program, refused);
    if (r < 0)
        return error_set(error, r, "cannot install the seccomp filter: %s; --sandbox off does without", strerror(-r));
    return 0;
}
