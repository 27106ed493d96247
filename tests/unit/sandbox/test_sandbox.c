#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "sandbox/sandbox.h"

#define STATUS_MAX 8192
#define PASSED 0
#define FAILED 1

/* What is given up never comes back: each test in a process of its own, which has given up everything already. */
static void powerless(int (*test)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct sandbox_needs nothing = {0};
        struct sandbox_state state;
        struct error error = {.text = ""};
        if (sandbox_drop(&nothing, &state, &error) == 0 && state.kept[0] == NULL && state.unknown[0] == NULL)
            _exit(test());
        (void)fprintf(stderr, "not dropped: %s\n", error.text);
        _exit(FAILED);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), PASSED);
}

static int has_no_capability(void)
{
    char text[STATUS_MAX];
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (length < 0)
        return FAILED;
    text[length] = '\0';
    static const char *const lines[] = {"CapInh:\t0000000000000000\n", "CapPrm:\t0000000000000000\n",
                                        "CapEff:\t0000000000000000\n", "CapAmb:\t0000000000000000\n",
                                        "NoNewPrivs:\t1\n"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        if (strstr(text, lines[i]) == NULL) {
            (void)fprintf(stderr, "no %s in %s\n", lines[i], text);
            return FAILED;
        }
    return PASSED;
}

static void what_no_option_needs_is_given_up(void **state)
{
    (void)state;
    powerless(has_no_capability);
}

static int tells_what_is_unknown(void)
{
    const struct sandbox_needs all = {
        .owners = true, .privileged_ports = true, .other_namespaces = true, .found_namespaces = true};
    static const char *const expected[] = {
        "owners of other users and privileged processes: needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
        "test-binds below ip_unprivileged_port_start: needs CAP_NET_BIND_SERVICE",
        "other network namespaces: needs CAP_SYS_ADMIN",
        "namespaces of other users: needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
    };
    struct sandbox_state state;
    if (sandbox_drop(&all, &state, NULL) < 0 || state.kept[0] != NULL || state.uid != geteuid())
        return FAILED;
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        if (state.unknown[i] == NULL || strcmp(state.unknown[i], expected[i]) != 0)
            return FAILED;
    return state.unknown[4] == NULL ? PASSED : FAILED;
}

static void what_is_needed_and_lacking_is_told(void **state)
{
    (void)state;
    powerless(tells_what_is_unknown);
}

/* Is this user refused, with this reason, and is nothing written? */
static int refuses(const char *user, int code, const char *reason)
{
    const struct sandbox_needs needs = {.user = user};
    struct sandbox_state state = {.uid = 4711};
    struct error error = {.text = ""};
    int r = sandbox_drop(&needs, &state, &error);
    if (r == code && strcmp(error.text, reason) == 0 && state.uid == 4711)
        return PASSED;
    (void)fprintf(stderr, "%d %s\n", r, error.text);
    return FAILED;
}

static int cannot_become_another(void)
{
    return refuses("4000000000", -EPERM,
                   "cannot become the user 4000000000: that needs CAP_SETUID and CAP_SETGID; start as root, or "
                   "without --user");
}

static void without_privileges_one_cannot_become_another(void **state)
{
    (void)state;
    powerless(cannot_become_another);
}

static int becomes_itself(void)
{
    char self[16];
    (void)snprintf(self, sizeof(self), "%u", geteuid());
    const struct sandbox_needs needs = {.user = self};
    struct sandbox_state state;
    return sandbox_drop(&needs, &state, NULL) == 0 && state.uid == geteuid() ? PASSED : FAILED;
}

static void who_one_is_already_one_may_be(void **state)
{
    (void)state;
    powerless(becomes_itself);
}

static int refuses_the_unknown(void)
{
    return refuses("tidewait-nobody-here", -EINVAL,
                   "the user \"tidewait-nobody-here\" is unknown: give one of this machine, or a number");
}

static void an_unknown_user_is_refused(void **state)
{
    (void)state;
    powerless(refuses_the_unknown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_option_needs_is_given_up),
        cmocka_unit_test(what_is_needed_and_lacking_is_told),
        cmocka_unit_test(without_privileges_one_cannot_become_another),
        cmocka_unit_test(who_one_is_already_one_may_be),
        cmocka_unit_test(an_unknown_user_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
