#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "sandbox/sandbox.h"

#define NOT_FILTERED 99
#define KILL_NOBODY 0

static const struct sandbox_needs nothing = {0};

struct call {
    const char *name;
    long number;
    long arguments[6];
};

static const char some_program[] = "/bin/true";
static const char some_file[] = "/tmp/tidewait-never-made";
static const char some_place[] = "/proc/self/ns/net";

#define ADDRESS(text) ((long)(intptr_t)(text))

/* Harmless should they not be refused. */
static const struct call forbidden[] = {
    {"execve", SYS_execve, {ADDRESS(some_program)}},
    {"execveat", SYS_execveat, {AT_FDCWD, ADDRESS(some_program)}},
    {"a new process", SYS_clone, {SIGCHLD}},
    {"vfork", SYS_clone, {CLONE_VM | CLONE_VFORK | SIGCHLD}},
    {"a new process in a namespace of its own", SYS_clone, {CLONE_NEWUSER | SIGCHLD}},
    {"a thread in a namespace of its own", SYS_clone, {CLONE_THREAD | CLONE_SIGHAND | CLONE_VM | CLONE_NEWNET}},
    {"connect", SYS_connect, {-1}},
    {"listen", SYS_listen, {-1}},
    {"sending to an IPv4 address", SYS_sendto, {-1, 0, 0, 0, 0, sizeof(struct sockaddr_in)}},
    {"sending to an IPv6 address", SYS_sendto, {-1, 0, 0, 0, 0, sizeof(struct sockaddr_in6)}},
    {"sendmmsg", SYS_sendmmsg, {-1}},
    {"socketpair", SYS_socketpair, {AF_UNIX, SOCK_STREAM}},
    {"a raw IPv4 socket", SYS_socket, {AF_INET, SOCK_RAW, IPPROTO_TCP}},
    {"a raw IPv6 socket", SYS_socket, {AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP}},
    {"a ping socket", SYS_socket, {AF_INET, SOCK_DGRAM, IPPROTO_ICMP}},
    {"an SCTP socket", SYS_socket, {AF_INET, SOCK_STREAM, IPPROTO_SCTP}},
    {"a UNIX socket", SYS_socket, {AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC}},
    {"a packet socket", SYS_socket, {AF_PACKET, SOCK_RAW}},
    {"a crypto socket", SYS_socket, {AF_ALG, SOCK_SEQPACKET}},
    {"a vsock socket", SYS_socket, {AF_VSOCK, SOCK_STREAM}},
    {"a route socket", SYS_socket, {AF_NETLINK, SOCK_RAW, 0}},
    {"a netfilter socket", SYS_socket, {AF_NETLINK, SOCK_RAW, 12}},
    {"binding to a device", SYS_setsockopt, {-1, SOL_SOCKET, SO_BINDTODEVICE}},
    {"sharing a port", SYS_setsockopt, {-1, SOL_SOCKET, SO_REUSEPORT}},
    {"attaching a filter", SYS_setsockopt, {-1, SOL_SOCKET, SO_ATTACH_FILTER}},
    {"ioctl", SYS_ioctl, {-1}},
    {"opening for writing", SYS_openat, {AT_FDCWD, ADDRESS(some_file), O_WRONLY}},
    {"opening for reading and writing", SYS_openat, {AT_FDCWD, ADDRESS(some_file), O_RDWR | O_CLOEXEC}},
    {"creating", SYS_openat, {AT_FDCWD, ADDRESS(some_file), O_RDONLY | O_CREAT}},
    {"truncating", SYS_openat, {AT_FDCWD, ADDRESS(some_file), O_RDONLY | O_TRUNC}},
    {"openat2", SYS_openat2, {-1}},
    {"unlink", SYS_unlinkat, {AT_FDCWD, ADDRESS(some_file)}},
    {"rename", SYS_renameat2, {AT_FDCWD, ADDRESS(some_file), AT_FDCWD, ADDRESS(some_file)}},
    {"mkdir", SYS_mkdirat, {AT_FDCWD, ADDRESS(some_place)}},
    {"chmod", SYS_fchmodat, {AT_FDCWD, ADDRESS(some_file)}},
    {"chdir", SYS_chdir, {ADDRESS(some_file)}},
    {"chroot", SYS_chroot, {ADDRESS(some_file)}},
    {"executable memory", SYS_mmap, {0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1}},
    {"making memory executable", SYS_mprotect, {0, 0, PROT_READ | PROT_EXEC}},
    {"making memory executable by key", SYS_pkey_mprotect, {0, 0, PROT_EXEC, -1}},
    {"memfd_create", SYS_memfd_create, {ADDRESS(some_file)}},
    {"personality", SYS_personality, {0xffffffff}},
    {"ptrace", SYS_ptrace, {-1}},
    {"reading another process's memory", SYS_process_vm_readv, {1}},
    {"writing another process's memory", SYS_process_vm_writev, {1}},
    {"kill", SYS_kill, {1, KILL_NOBODY}},
    {"killing a thread of another process", SYS_tgkill, {1, 1, KILL_NOBODY}},
    {"limiting another process", SYS_prlimit64, {1}},
    {"pidfd_open without owners", SYS_pidfd_open, {1}},
    {"pidfd_getfd without owners", SYS_pidfd_getfd, {-1}},
    {"setns without other namespaces", SYS_setns, {-1, CLONE_NEWNET}},
    {"unshare", SYS_unshare, {CLONE_NEWUSER}},
    {"mount", SYS_mount, {0}},
    {"umount", SYS_umount2, {ADDRESS(some_file)}},
    {"pivot_root", SYS_pivot_root, {0}},
    {"setuid", SYS_setuid, {0}},
    {"setresuid", SYS_setresuid, {-1, -1, -1}},
    {"setgroups", SYS_setgroups, {0}},
    {"capset", SYS_capset, {0}},
    {"becoming dumpable", SYS_prctl, {4 /* PR_SET_DUMPABLE */, 1}},
    {"another seccomp filter", SYS_seccomp, {1}},
    {"bpf", SYS_bpf, {-1}},
    {"perf_event_open", SYS_perf_event_open, {0, -1, -1, -1}},
    {"io_uring_setup", SYS_io_uring_setup, {0}},
    {"userfaultfd", SYS_userfaultfd, {-1}},
    {"keyctl", SYS_keyctl, {-1}},
    {"add_key", SYS_add_key, {0}},
    {"init_module", SYS_init_module, {0}},
    {"finit_module", SYS_finit_module, {-1}},
    {"kexec_load", SYS_kexec_load, {0, 0, 0, -1}},
    {"reboot", SYS_reboot, {0}},
    {"swapon", SYS_swapon, {0}},
    {"setting the clock", SYS_clock_settime, {-1}},
    {"setting the host name", SYS_sethostname, {0, -1}},
    {"a 32-bit call by its x32 number", 0x40000000 + 39, {0}},
};

static long make(const struct call *call)
{
    const long *a = call->arguments;
    return syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Runs in a process of its own that is filtered. Returns what waitpid() says of its end. */
static int in_sandbox(const struct sandbox_needs *needs, enum sandbox_refusal refusal, int (*act)(const void *),
                      const void *context)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error error;
        if (sandbox_filter(needs, refusal, &error) < 0)
            _exit(NOT_FILTERED);
        _exit(act(context));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* What it exits with: the errno of the call, 0 when it was made. */
static int errno_of(const void *context)
{
    return make(context) < 0 ? errno : 0;
}

static void assert_errno(const struct sandbox_needs *needs, const struct call *call, int expected)
{
    int status = in_sandbox(needs, SANDBOX_REFUSE, errno_of, call);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
        fail_msg("%s: wait status %#x, expected exit with %d", call->name, (unsigned)status, expected);
}

static void every_other_call_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        assert_errno(&nothing, &forbidden[i], EPERM);
}

/* Which also proves that EPERM above is the filter's, not the kernel's own. */
static void every_other_call_ends_the_process_where_that_is_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        int status = in_sandbox(&nothing, SANDBOX_KILL, errno_of, &forbidden[i]);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("%s: wait status %#x, expected SIGSYS", forbidden[i].name, (unsigned)status);
    }
}

static void what_an_option_needs_is_allowed_with_it_only(void **state)
{
    (void)state;
    const struct call pidfd_open = {"pidfd_open", SYS_pidfd_open, {-1}};
    const struct call pidfd_getfd = {"pidfd_getfd", SYS_pidfd_getfd, {-1}};
    const struct call setns = {"setns", SYS_setns, {-1, CLONE_NEWNET}};
    const struct call setns_mount = {"setns to a mount namespace", SYS_setns, {-1, CLONE_NEWNS}};
    const struct sandbox_needs owners = {.owners = true};
    const struct sandbox_needs namespaces = {.other_namespaces = true};
    assert_errno(&owners, &pidfd_open, EINVAL);
    assert_errno(&owners, &pidfd_getfd, EBADF);
    assert_errno(&owners, &setns, EPERM);
    assert_errno(&namespaces, &setns, EBADF);
    assert_errno(&namespaces, &setns_mount, EPERM);
    assert_errno(&namespaces, &pidfd_getfd, EPERM);
}

/* The C library falls back to clone(), whose flags a filter can see. */
static void clone3_does_not_exist(void **state)
{
    (void)state;
    const struct call clone3 = {"clone3", SYS_clone3, {0}};
    assert_errno(&nothing, &clone3, ENOSYS);
    assert_int_equal(WEXITSTATUS(in_sandbox(&nothing, SANDBOX_KILL, errno_of, &clone3)), ENOSYS);
}

/* A tracer puts -1 where the call's number was; fault injection would end every traced agent otherwise. */
static void a_call_that_a_tracer_skips_is_not_refused(void **state)
{
    (void)state;
    const struct call skipped = {"-1", -1, {0}};
    assert_errno(&nothing, &skipped, ENOSYS);
}

static void *return_its_argument(void *argument)
{
    return argument;
}

static bool can_bind(int family, int type)
{
    const struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
    const int on = 1;
    socklen_t length = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    cleanup(cleanup_close) int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 && family == AF_INET6 && errno == EAFNOSUPPORT)
        return true;
    return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           bind(fd, (const struct sockaddr *)&any, length) == 0;
}

/* The number of the first step that fails, or 0. */
static int work(const void *context)
{
    (void)context;
    char text[16];
    pthread_t thread;
    struct timespec resolution;
    cleanup(cleanup_close) int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    cleanup(cleanup_close) int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 4);
    cleanup(cleanup_free) void *memory = malloc((size_t)64 << 20);
    const bool steps[] = {
        file >= 0 && read(file, text, sizeof(text)) > 0,
        netlink >= 0,
        memory != NULL,
        can_bind(AF_INET, SOCK_STREAM) && can_bind(AF_INET, SOCK_DGRAM),
        can_bind(AF_INET6, SOCK_STREAM) && can_bind(AF_INET6, SOCK_DGRAM),
        pthread_create(&thread, NULL, return_its_argument, NULL) == 0 && pthread_join(thread, NULL) == 0,
        clock_getres(CLOCK_REALTIME_COARSE, &resolution) == 0,
    };
    for (int i = 0; i < (int)(sizeof(steps) / sizeof(steps[0])); i++)
        if (!steps[i])
            return i + 1;
    return 0;
}

static void the_work_of_an_agent_goes_on(void **state)
{
    (void)state;
    assert_int_equal(in_sandbox(&nothing, SANDBOX_KILL, work, NULL), 0);
}

static int end_by_abort(const void *context)
{
    (void)context;
    abort();
}

static void abort_still_ends_by_its_own_signal(void **state)
{
    (void)state;
    int status = in_sandbox(&nothing, SANDBOX_KILL, end_by_abort, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

struct companion {
    pthread_barrier_t filtered;
    int result;
};

static void *connect_when_filtered(void *context)
{
    struct companion *companion = context;
    (void)pthread_barrier_wait(&companion->filtered);
    companion->result = syscall(SYS_connect, -1, NULL, 0) < 0 ? errno : 0;
    return NULL;
}

static void a_thread_that_was_there_before_is_filtered_too(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct companion companion = {.result = -1};
        pthread_t thread;
        if (pthread_barrier_init(&companion.filtered, NULL, 2) != 0 ||
            pthread_create(&thread, NULL, connect_when_filtered, &companion) != 0 ||
            sandbox_filter(&nothing, SANDBOX_REFUSE, NULL) < 0)
            _exit(NOT_FILTERED);
        (void)pthread_barrier_wait(&companion.filtered);
        (void)pthread_join(thread, NULL);
        _exit(companion.result);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), EPERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_other_call_is_refused),
        cmocka_unit_test(every_other_call_ends_the_process_where_that_is_asked_for),
        cmocka_unit_test(what_an_option_needs_is_allowed_with_it_only),
        cmocka_unit_test(the_work_of_an_agent_goes_on),
        cmocka_unit_test(clone3_does_not_exist),
        cmocka_unit_test(a_call_that_a_tracer_skips_is_not_refused),
        cmocka_unit_test(abort_still_ends_by_its_own_signal),
        cmocka_unit_test(a_thread_that_was_there_before_is_filtered_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
