#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "collect/connectprobe.h"

/* A namespace of its own, in which lo is still down. */
static int enter_namespace(void **state)
{
    (void)state;
    if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
        print_message("no network namespace of its own: %s\n", strerror(errno));
    return 0;
}

static bool is_alone(void)
{
    bool found;
    return connectprobe_try(&found) == -ENETUNREACH;
}

static void raise_lo(void)
{
    cleanup(cleanup_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
}

/* One port and no more. */
static void set_range(void)
{
    cleanup(cleanup_close) int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(fd, "40001 40001", 11), 11);
}

static void it_finds_a_port_as_long_as_there_is_one(void **state)
{
    (void)state;
    if (!is_alone())
        skip();
    raise_lo();
    set_range();
    bool found = false;
    /* The second time shows that the first has left nothing behind. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(connectprobe_try(&found), 0);
        assert_true(found);
    }
    cleanup(cleanup_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(connectprobe_try(&found), 0);
    assert_false(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_finds_a_port_as_long_as_there_is_one)};
    return cmocka_run_group_tests(tests, enter_namespace, NULL);
}
