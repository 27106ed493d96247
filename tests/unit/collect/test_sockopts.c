#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "collect/sockopts.h"

/* A TCP socket on a port of 127.0.0.1; 0: any. */
static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
}

static int bind_to(int fd, uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    struct sockaddr generic;
    _Static_assert(sizeof(generic) == sizeof(address), "one holds the other");
    memcpy(&generic, &address, sizeof(generic));
    return bind(fd, &generic, sizeof(generic)) < 0 ? -errno : 0;
}

static uint16_t port_of(int fd)
{
    struct sockaddr generic;
    struct sockaddr_in address;
    socklen_t length = sizeof(generic);
    assert_int_equal(getsockname(fd, &generic, &length), 0);
    memcpy(&address, &generic, sizeof(address));
    return ntohs(address.sin_port);
}

static int new_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    return fd;
}

static uint32_t inode_of(int fd)
{
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    return (uint32_t)status.st_ino;
}

static void set(int fd, int level, int option)
{
    const int on = 1;
    assert_int_equal(setsockopt(fd, level, option, &on, sizeof(on)), 0);
}

static void each_option_is_read_as_it_was_set(void **state)
{
    (void)state;
    struct sockopts options;
    cleanup(cleanup_close) int plain = new_socket(AF_INET);
    assert_int_equal(sockopts_read(getpid(), inode_of(plain), &options), 0);
    assert_false(options.reuseaddr || options.reuseport || options.v6only);

    cleanup(cleanup_close) int address = new_socket(AF_INET);
    set(address, SOL_SOCKET, SO_REUSEADDR);
    assert_int_equal(sockopts_read(getpid(), inode_of(address), &options), 0);
    assert_true(options.reuseaddr && !options.reuseport);

    cleanup(cleanup_close) int port = new_socket(AF_INET6);
    set(port, SOL_SOCKET, SO_REUSEPORT);
    set(port, IPPROTO_IPV6, IPV6_V6ONLY);
    assert_int_equal(sockopts_read(getpid(), inode_of(port), &options), 0);
    assert_true(!options.reuseaddr && options.reuseport && options.v6only);
}

static void a_socket_that_the_process_does_not_have_is_not_there(void **state)
{
    (void)state;
    struct sockopts options;
    int fd = new_socket(AF_INET);
    uint32_t inode = inode_of(fd);
    assert_int_equal(close(fd), 0);
    assert_int_equal(sockopts_read(getpid(), inode, &options), -ENOENT);
}

/* A process that listens on a free port until it is killed, without any option. */
struct holder {
    pid_t pid;
    uint16_t port;
    uint32_t inode;
};

static struct holder start_holder(void)
{
    cleanup(cleanup_close) int fd = new_socket(AF_INET);
    assert_int_equal(bind_to(fd, 0), 0);
    assert_int_equal(listen(fd, 1), 0);
    struct holder holder = {.port = port_of(fd), .inode = inode_of(fd)};
    holder.pid = fork();
    assert_true(holder.pid >= 0);
    if (holder.pid == 0)
        for (;;)
            (void)pause();
    return holder;
}

static void end_holder(const struct holder *holder)
{
    int status;
    assert_int_equal(kill(holder->pid, SIGKILL), 0);
    assert_int_equal(waitpid(holder->pid, &status, 0), holder->pid);
}

static int try_port(const struct holder *holder)
{
    cleanup(cleanup_close) int fd = new_socket(AF_INET);
    return bind_to(fd, holder->port);
}

#define TIMES 1000

static void a_holder_that_exits_while_its_socket_is_read_leaves_the_port_free(void **state)
{
    (void)state;
    int read = 0;
    for (int i = 0; i < TIMES; i++) {
        struct holder holder = start_holder();
        struct sockopts options;
        int last = 0;
        /* Killed after none, one, two … looks: it ends in the middle of some. */
        for (int looks = 0; looks < i % 3; looks++)
            read += sockopts_read(holder.pid, holder.inode, &options) == 0;
        assert_int_equal(kill(holder.pid, SIGKILL), 0);
        while (last == 0)
            last = sockopts_read(holder.pid, holder.inode, &options);
        int status;
        assert_int_equal(waitpid(holder.pid, &status, 0), holder.pid);
        assert_int_equal(try_port(&holder), 0);
    }
    assert_true(read >= TIMES / 2);
}

static void a_copy_that_were_kept_would_be_noticed(void **state)
{
    (void)state;
    struct holder holder = start_holder();
    cleanup(cleanup_close) int process = pidfd_open(holder.pid, 0);
    int copy = -1;
    for (int number = 0; copy < 0 && number < 256; number++) {
        copy = pidfd_getfd(process, number, 0);
        if (copy >= 0 && inode_of(copy) != holder.inode) {
            assert_int_equal(close(copy), 0);
            copy = -1;
        }
    }
    assert_true(copy >= 0);
    end_holder(&holder);
    assert_int_equal(try_port(&holder), -EADDRINUSE);
    assert_int_equal(close(copy), 0);
    assert_int_equal(try_port(&holder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_option_is_read_as_it_was_set),
        cmocka_unit_test(a_socket_that_the_process_does_not_have_is_not_there),
        cmocka_unit_test(a_holder_that_exits_while_its_socket_is_read_leaves_the_port_free),
        cmocka_unit_test(a_copy_that_were_kept_would_be_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
