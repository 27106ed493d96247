#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "collect/owner.h"

#define NOW (1000 * CLOCK_NS_PER_S)

/* Returns its inode. */
static uint32_t open_socket(int *ret_fd)
{
    struct stat status;
    *ret_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(*ret_fd >= 0);
    assert_int_equal(fstat(*ret_fd, &status), 0);
    return (uint32_t)status.st_ino;
}

/* Two sockets, by their inodes. */
struct pair {
    int fds[2];
    uint32_t first;
    uint32_t second;
};

static struct pair open_pair(void)
{
    struct pair pair;
    pair.first = open_socket(&pair.fds[0]);
    pair.second = open_socket(&pair.fds[1]);
    return pair;
}

static void pair_done(struct pair *pair)
{
    cleanup_close(&pair->fds[0]);
    cleanup_close(&pair->fds[1]);
}

static struct owners *new_owners(void)
{
    struct owners *owners = NULL;
    assert_int_equal(owners_new(&owners), 0);
    return owners;
}

static size_t count_of(const struct owners *owners, uint32_t inode)
{
    size_t count = 99;
    const struct owner *found = owners_find(owners, inode, &count);
    assert_true(found != NULL || count == 0);
    return count;
}

static void this_process_owns_the_socket_that_it_opened(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    cleanup(cleanup_close) int fd = -1;
    uint32_t inode = open_socket(&fd);
    char name[16];
    assert_int_equal(prctl(PR_GET_NAME, name), 0);

    assert_int_equal(owners_update(owners, &inode, 1, NOW, NULL), 0);
    size_t count;
    const struct owner *owner = owners_find(owners, inode, &count);
    assert_int_equal(count, 1);
    assert_int_equal(owner->pid, getpid());
    assert_int_equal(owner->uid, geteuid());
    assert_string_equal(owner->process, name);
    assert_true(owner->last_seen_ns == NOW);
    assert_true(owner->alive);
    assert_false(owner->inferred);
}

static void a_process_that_has_it_twice_is_named_once(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    cleanup(cleanup_close) int fd = -1;
    uint32_t inode = open_socket(&fd);
    cleanup(cleanup_close) int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    assert_true(copy >= 0);
    assert_int_equal(owners_update(owners, &inode, 1, NOW, NULL), 0);
    assert_int_equal(count_of(owners, inode), 1);
}

static void doubles_and_zeros_may_be_asked_for(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    cleanup(pair_done) struct pair pair = open_pair();
    const uint32_t inodes[] = {pair.second, 0, pair.first, pair.second, 0, pair.first};
    assert_int_equal(owners_update(owners, inodes, sizeof(inodes) / sizeof(*inodes), NOW, NULL), 0);
    assert_int_equal(count_of(owners, pair.first), 1);
    assert_int_equal(count_of(owners, pair.second), 1);
    assert_int_equal(count_of(owners, 0), 0);
}

static void what_is_no_longer_asked_for_is_forgotten(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    cleanup(pair_done) struct pair pair = open_pair();
    assert_int_equal(owners_update(owners, (const uint32_t[]){pair.first, pair.second}, 2, NOW, NULL), 0);
    assert_int_equal(owners_update(owners, &pair.second, 1, NOW, NULL), 0);
    assert_int_equal(count_of(owners, pair.first), 0);
    assert_int_equal(count_of(owners, pair.second), 1);
    assert_int_equal(owners_update(owners, NULL, 0, NOW, NULL), 0);
    assert_int_equal(count_of(owners, pair.second), 0);
}

static void a_remembered_owner_is_seen_again(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    cleanup(cleanup_close) int fd = -1;
    uint32_t inode = open_socket(&fd);
    assert_int_equal(owners_update(owners, &inode, 1, NOW, NULL), 0);
    assert_int_equal(owners_update(owners, &inode, 1, NOW + 1, NULL), 0);
    size_t count;
    const struct owner *owner = owners_find(owners, inode, &count);
    assert_int_equal(count, 1);
    assert_true(owner->last_seen_ns == NOW + 1);
}

static void who_has_closed_it_is_no_owner_any_more(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    int fd = -1;
    uint32_t inode = open_socket(&fd);
    assert_int_equal(owners_update(owners, &inode, 1, NOW, NULL), 0);
    assert_int_equal(count_of(owners, inode), 1);
    assert_int_equal(close(fd), 0);
    assert_int_equal(owners_update(owners, &inode, 1, NOW + 1, NULL), 0);
    assert_int_equal(count_of(owners, inode), 0);
}

static void a_search_waits_until_its_share_allows_it(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    cleanup(pair_done) struct pair pair = open_pair();
    /* One search takes some microseconds at least: the next may come hours later. */
    owners_limit(owners, 1e-9);
    assert_int_equal(owners_update(owners, &pair.first, 1, NOW, NULL), 0);
    assert_int_equal(owners_update(owners, (const uint32_t[]){pair.first, pair.second}, 2, NOW + 1, NULL), 0);
    assert_int_equal(count_of(owners, pair.first), 1);
    assert_int_equal(count_of(owners, pair.second), 0);
}

static void a_process_is_the_one_that_started_when_it_did(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    cleanup(cleanup_close) int fd = -1;
    uint32_t inode = open_socket(&fd);
    assert_int_equal(owners_update(owners, &inode, 1, NOW, NULL), 0);
    size_t count;
    struct owner owner = *owners_find(owners, inode, &count);
    assert_true(owners_alive(&owner));
    owner.start_ticks++;
    assert_false(owners_alive(&owner));
}

static void who_has_ended_is_not_alive_though_his_parent_has_not_asked_yet(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    cleanup(cleanup_close) int fd = -1;
    uint32_t inode = open_socket(&fd);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)pause();
        _exit(0);
    }
    assert_int_equal(owners_update(owners, &inode, 1, NOW, NULL), 0);
    size_t count = 0;
    const struct owner *found = owners_find(owners, inode, &count);
    assert_int_equal(count, 2);
    const struct owner *owner = found[0].pid == child ? &found[0] : &found[1];
    assert_int_equal(owner->pid, child);
    assert_true(owners_alive(owner));
    siginfo_t ended;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT), 0);
    assert_false(owners_alive(owner));
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void options_are_read_once_in_the_socket_s_life(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    cleanup(cleanup_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    uint32_t inode = (uint32_t)status.st_ino;
    struct sockopts options;
    assert_int_equal(owners_options(owners, inode, &options), -ENOENT);
    assert_int_equal(owners_update(owners, &inode, 1, NOW, NULL), 0);
    assert_int_equal(owners_options(owners, inode, &options), 0);
    assert_false(options.reuseaddr);
    const int on = 1;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    assert_int_equal(owners_options(owners, inode, &options), 0);
    assert_false(options.reuseaddr);
}

/* A descriptor on its way through a socket belongs to no process. */
static void send_away(int carrier, int fd)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    char byte = 0;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    const struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.space)};
    memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
    assert_int_equal(sendmsg(carrier, &message, 0), 1);
}

static void take_back(int carrier, int *ret_fd)
{
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control;
    char byte;
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.space)};
    assert_int_equal(recvmsg(carrier, &message, MSG_CMSG_CLOEXEC), 1);
    memcpy(ret_fd, CMSG_DATA(&control.header), sizeof(*ret_fd));
}

static void a_socket_that_nobody_had_is_looked_for_again_after_a_while(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    int carriers[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, carriers), 0);
    int away = -1;
    uint32_t inode = open_socket(&away);
    send_away(carriers[0], away);
    assert_int_equal(close(away), 0);
    assert_int_equal(owners_update(owners, &inode, 1, NOW, NULL), 0);
    assert_int_equal(count_of(owners, inode), 0);

    cleanup(cleanup_close) int back = -1;
    take_back(carriers[1], &back);
    assert_int_equal(owners_update(owners, &inode, 1, NOW + 30 * CLOCK_NS_PER_S - 1, NULL), 0);
    assert_int_equal(count_of(owners, inode), 0);
    assert_int_equal(owners_update(owners, &inode, 1, NOW + 30 * CLOCK_NS_PER_S, NULL), 0);
    assert_int_equal(count_of(owners, inode), 1);
    assert_int_equal(close(carriers[0]), 0);
    assert_int_equal(close(carriers[1]), 0);
}

static void an_inode_that_does_not_exist_has_no_owner(void **state)
{
    (void)state;
    cleanup(owners_freep) struct owners *owners = new_owners();
    const uint32_t inode = UINT32_MAX;
    assert_int_equal(count_of(owners, inode), 0);
    assert_int_equal(owners_update(owners, &inode, 1, NOW, NULL), 0);
    assert_int_equal(count_of(owners, inode), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_process_owns_the_socket_that_it_opened),
        cmocka_unit_test(a_process_that_has_it_twice_is_named_once),
        cmocka_unit_test(doubles_and_zeros_may_be_asked_for),
        cmocka_unit_test(what_is_no_longer_asked_for_is_forgotten),
        cmocka_unit_test(a_remembered_owner_is_seen_again),
        cmocka_unit_test(who_has_closed_it_is_no_owner_any_more),
        cmocka_unit_test(a_search_waits_until_its_share_allows_it),
        cmocka_unit_test(a_process_is_the_one_that_started_when_it_did),
        cmocka_unit_test(who_has_ended_is_not_alive_though_his_parent_has_not_asked_yet),
        cmocka_unit_test(options_are_read_once_in_the_socket_s_life),
        cmocka_unit_test(a_socket_that_nobody_had_is_looked_for_again_after_a_while),
        cmocka_unit_test(an_inode_that_does_not_exist_has_no_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
