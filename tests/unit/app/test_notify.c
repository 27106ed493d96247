#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "notify.h"
#include "scratch.h"

/* A service manager: NOTIFY_SOCKET names its socket. */
struct manager {
    struct scratch scratch;
    int fd;
};

static void manager_done(struct manager *manager)
{
    cleanup_close(&manager->fd);
    scratch_done(&manager->scratch);
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
}

static struct manager manager_make(void)
{
    struct manager manager = {.scratch = scratch_make()};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = scratch_path(&manager.scratch, "notify");
    memcpy(address.sun_path, path, strnlen(path, sizeof(address.sun_path) - 1));
    manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(manager.fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    return manager;
}

/* The next message; "": there is none. */
static void assert_told(const struct manager *manager, const char *message)
{
    char text[NOTIFY_MESSAGE_MAX + 1];
    ssize_t length = recv(manager->fd, text, sizeof(text) - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    assert_string_equal(text, message);
}

static struct notify opened(void)
{
    struct notify notify;
    struct error error = {""};
    int r = notify_open(&notify, &error);
    assert_string_equal(error.text, "");
    assert_int_equal(r, 0);
    return notify;
}

static void nobody_asked_and_nothing_is_told(void **state)
{
    (void)state;
    cleanup(notify_done) struct notify notify = opened();
    notify_ready(&notify);
    notify_status(&notify, "fine");
    notify_reloading(&notify);
    notify_stopping(&notify);
    assert_int_equal(notify.fd, -1);
    assert_int_equal(notify_alive(&notify), INT_MAX);
}

static void it_leaves_nothing_in_the_environment(void **state)
{
    (void)state;
    cleanup(manager_done) struct manager manager = manager_make();
    assert_int_equal(setenv("WATCHDOG_USEC", "1000", 1), 0);
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
    cleanup(notify_done) struct notify notify = opened();
    notify_stopping(&notify);
    assert_told(&manager, "STOPPING=1");
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
}

static void it_is_ready_once_and_again_after_each_reread(void **state)
{
    (void)state;
    cleanup(manager_done) struct manager manager = manager_make();
    cleanup(notify_done) struct notify notify = opened();
    notify_ready(&notify);
    notify_ready(&notify);
    assert_told(&manager, "READY=1");
    assert_told(&manager, "");
    notify_reloading(&notify);
    char text[NOTIFY_MESSAGE_MAX] = "";
    assert_true(recv(manager.fd, text, sizeof(text) - 1, 0) > 0);
    int64_t at_us = 0;
    assert_int_equal(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%" SCNd64, &at_us), 1);
    assert_in_range((uint64_t)at_us, 1, (uint64_t)clock_monotonic_ns() / 1000);
    notify_ready(&notify);
    assert_told(&manager, "READY=1");
    notify_stopping(&notify);
    assert_told(&manager, "STOPPING=1");
}

static void a_status_is_told_when_it_changes(void **state)
{
    (void)state;
    cleanup(manager_done) struct manager manager = manager_make();
    cleanup(notify_done) struct notify notify = opened();
    notify_status(&notify, "1 port is tracked");
    notify_status(&notify, "1 port is tracked");
    notify_status(&notify, "2 ports are tracked");
    assert_told(&manager, "STATUS=1 port is tracked");
    assert_told(&manager, "STATUS=2 ports are tracked");
    assert_told(&manager, "");
}

static void a_status_is_one_line_of_utf8_whatever_a_process_calls_itself(void **state)
{
    (void)state;
    cleanup(manager_done) struct manager manager = manager_make();
    cleanup(notify_done) struct notify notify = opened();
    notify_status(&notify, "held by a\nSTOPPING=1\r\x1b[2J\xff");
    assert_told(&manager, "STATUS=held by a STOPPING=1  [2J\xef\xbf\xbd");
    char worst[2 * NOTIFY_MESSAGE_MAX];
    memset(worst, 0xff, sizeof(worst) - 1);
    worst[sizeof(worst) - 1] = '\0';
    notify_status(&notify, worst);
    char text[2 * NOTIFY_MESSAGE_MAX];
    assert_in_range(recv(manager.fd, text, sizeof(text), 0), NOTIFY_MESSAGE_MAX - 16, NOTIFY_MESSAGE_MAX);
}

static void what_a_busy_manager_does_not_take_is_told_later(void **state)
{
    (void)state;
    cleanup(manager_done) struct manager manager = manager_make();
    cleanup(notify_done) struct notify notify = opened();
    size_t queued = 0;
    while (send(notify.fd, "X", 1, MSG_DONTWAIT) == 1)
        queued++;
    assert_int_equal(errno, EAGAIN);
    notify_ready(&notify);
    notify_status(&notify, "fine");
    for (size_t i = 0; i < queued; i++)
        assert_told(&manager, "X");
    assert_told(&manager, "");
    notify_ready(&notify);
    notify_status(&notify, "fine");
    assert_told(&manager, "READY=1");
    assert_told(&manager, "STATUS=fine");
}

static void signs_of_life_come_twice_in_the_time_of_the_watchdog(void **state)
{
    (void)state;
    cleanup(manager_done) struct manager manager = manager_make();
    assert_int_equal(setenv("WATCHDOG_USEC", "60000000", 1), 0);
    cleanup(notify_done) struct notify notify = opened();
    assert_in_range(notify_alive(&notify), 29000, 30000);
    assert_told(&manager, "WATCHDOG=1");
    assert_in_range(notify_alive(&notify), 1, 30000);
    assert_told(&manager, "");
    notify.sign_due_ns = clock_monotonic_ns();
    assert_in_range(notify_alive(&notify), 29000, 30000);
    assert_told(&manager, "WATCHDOG=1");
}

static void the_watchdog_of_another_process_is_left_alone(void **state)
{
    (void)state;
    cleanup(manager_done) struct manager manager = manager_make();
    char pid[24];
    (void)snprintf(pid, sizeof(pid), "%d", (int)getppid());
    assert_int_equal(setenv("WATCHDOG_USEC", "60000000", 1), 0);
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    cleanup(notify_done) struct notify notify = opened();
    assert_int_equal(notify_alive(&notify), INT_MAX);
    assert_told(&manager, "");
}

static void assert_refused(const char *variable, const char *value, int code, const char *reason)
{
    struct notify notify;
    struct error error = {""};
    assert_int_equal(setenv(variable, value, 1), 0);
    assert_int_equal(notify_open(&notify, &error), code);
    assert_string_equal(error.text, reason);
    assert_int_equal(notify.fd, -1);
    assert_null(getenv(variable));
}

static void what_cannot_be_told_has_a_reason(void **state)
{
    (void)state;
    assert_refused("NOTIFY_SOCKET", "vsock:2:1", -EINVAL,
                   "NOTIFY_SOCKET=vsock:2:1 is no path and no @name, as sd_notify(3) wants it");
    assert_refused("NOTIFY_SOCKET", "@", -EINVAL, "NOTIFY_SOCKET=@ is no path and no @name, as sd_notify(3) wants it");
    assert_refused("NOTIFY_SOCKET", "/nowhere/notify", -ENOENT,
                   "NOTIFY_SOCKET=/nowhere/notify: No such file or directory");
    assert_refused("WATCHDOG_USEC", "3s", -EINVAL, "WATCHDOG_USEC=3s is no time in microseconds");
    assert_refused("WATCHDOG_PID", "x", -EINVAL, "WATCHDOG_PID=x is no process");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_asked_and_nothing_is_told),
        cmocka_unit_test(it_leaves_nothing_in_the_environment),
        cmocka_unit_test(it_is_ready_once_and_again_after_each_reread),
        cmocka_unit_test(a_status_is_told_when_it_changes),
        cmocka_unit_test(a_status_is_one_line_of_utf8_whatever_a_process_calls_itself),
        cmocka_unit_test(what_a_busy_manager_does_not_take_is_told_later),
        cmocka_unit_test(signs_of_life_come_twice_in_the_time_of_the_watchdog),
        cmocka_unit_test(the_watchdog_of_another_process_is_left_alone),
        cmocka_unit_test(what_cannot_be_told_has_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
