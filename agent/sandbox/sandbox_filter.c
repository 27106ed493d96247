#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "sandbox/sandbox.h"

/* Where a kernel header would have to be included for one number. */
#define SOCK_DIAG 4              /* NETLINK_SOCK_DIAG of netlink(7) */
#define NETLINK_ADDRESS_BYTES 12 /* of its address; those of the internet are longer */
#define SOCKET_TYPE 0xf          /* without SOCK_CLOEXEC and SOCK_NONBLOCK */

/* Whatever their arguments. */
static const int harmless[] = {
    /* descriptors */
    SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek), SCMP_SYS(close),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(eventfd2), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
    SCMP_SYS(signalfd4),
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
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(getrandom), SCMP_SYS(uname), SCMP_SYS(sysinfo),
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(geteuid)};

#define CONDITIONS_MAX 3
#define WHOLE UINT32_MAX

/* A system call that is allowed when the masked bits of each argument named are the value. */
struct rule {
    int call;
    struct {
        unsigned argument;
        uint32_t mask; /* 0: no further condition */
        uint32_t value;
    } conditions[CONDITIONS_MAX];
};

#define NAMESPACES                                                                                                     \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const struct rule restricted[] = {
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
static const struct rule for_owners[] = {{.call = SCMP_SYS(pidfd_open)}, {.call = SCMP_SYS(pidfd_getfd)}};
static const struct rule for_namespaces[] = {{SCMP_SYS(setns), {{1, WHOLE, CLONE_NEWNET}}}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int allow(scmp_filter_ctx filter, const struct rule *rules, size_t count)
{
    int r = 0;
    for (const struct rule *rule = rules; r == 0 && rule < rules + count; rule++) {
        struct scmp_arg_cmp conditions[CONDITIONS_MAX];
        unsigned n = 0;
        for (; n < CONDITIONS_MAX && rule->conditions[n].mask != 0; n++)
            conditions[n] = SCMP_CMP64(rule->conditions[n].argument, SCMP_CMP_MASKED_EQ, rule->conditions[n].mask,
                                       rule->conditions[n].value);
        r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule->call, n, conditions);
    }
    return r;
}

static int allow_harmless(scmp_filter_ctx filter)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < COUNT(harmless); i++)
        r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, harmless[i], 0, NULL);
    return r;
}

/* What depends on this process, or gets an answer of its own. */
static int add_special(scmp_filter_ctx filter)
{
    const struct rule own[] = {
        /* abort() */
        {SCMP_SYS(tgkill), {{0, WHOLE, (uint32_t)getpid()}}},
        /* A tracer's "skip this call": fault injection by strace. The kernel itself answers ENOSYS. */
        {.call = -1},
    };
    int r = allow(filter, own, COUNT(own));
    if (r < 0)
        return r;
    /* Its flags are in memory, out of the filter's sight; glibc then tries clone(). */
    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);
}

static int set_attributes(scmp_filter_ctx filter, uint32_t refused)
{
    static const enum scmp_filter_attr on[] = {SCMP_FLTATR_CTL_TSYNC, SCMP_FLTATR_API_TSKIP, SCMP_FLTATR_API_SYSRAWRC};
    /* 32-bit calls have other numbers. */
    int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, refused);
    for (size_t i = 0; r == 0 && i < COUNT(on); i++)
        r = seccomp_attr_set(filter, on[i], 1);
    return r;
}

static void releasep(scmp_filter_ctx *filter)
{
    if (*filter != NULL)
        seccomp_release(*filter);
}

int sandbox_filter(const struct sandbox_needs *needs, enum sandbox_refusal refusal, struct error *error)
{
    uint32_t refused = refusal == SANDBOX_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
    cleanup(releasep) scmp_filter_ctx filter = seccomp_init(refused);
    if (filter == NULL)
        return error_set(error, -ENOMEM, "no memory for the seccomp filter");
    int r = set_attributes(filter, refused);
    if (r == 0)
        r = allow_harmless(filter);
    if (r == 0)
        r = allow(filter, restricted, COUNT(restricted));
    if (r == 0 && needs->owners)
        r = allow(filter, for_owners, COUNT(for_owners));
    if (r == 0 && needs->other_namespaces)
        r = allow(filter, for_namespaces, COUNT(for_namespaces));
    if (r == 0)
        r = add_special(filter);
    if (r == 0)
        r = seccomp_load(filter);
    if (r < 0)
        return error_set(error, r, "cannot install the seccomp filter: %s; --sandbox off does without", strerror(-r));
    return 0;
}
