/* The kernel's tables, through netlink and from /proc/net, of sockets that the test has made. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "collect/sockets.h"
#include "refuse_netlink.h"

#define TICK_MS 10
#define SOCKS_MAX 16
#define CLIENTS 3
#define PATIENCE_NS (20 * CLOCK_NS_PER_S)
#define PAUSE_MS 5
#define MINUTE_NS (60 * CLOCK_NS_PER_S)
#define MINUTE_MS 60000

/* What a thread that is kept from netlink does. */
struct errand {
    struct sockets *sockets;
    int refusal;
    int result;
};

static int open_sockets(struct errand *errand)
{
    return sockets_open(&errand->sockets, NULL);
}

static int visit_nothing(void *context, const struct sock *sock)
{
    (void)context;
    (void)sock;
    return 0;
}

static int give_up(void *context, const struct sock *sock)
{
    (void)context;
    (void)sock;
    return -ENOMEM;
}

static int walk_all(struct errand *errand)
{
    const struct sockets_query query = {.protocol = PROTOCOL_TCP};
    return sockets_walk(errand->sockets, &query, visit_nothing, NULL, NULL);
}

struct refused {
    struct errand *errand;
    int (*act)(struct errand *errand);
};

static void *act_refused(void *context)
{
    const struct refused *refused = context;
    int r = refuse_netlink(refused->errand->refusal);
    refused->errand->result = r < 0 ? r : refused->act(refused->errand);
    return NULL;
}

/* Returns what act() returned in a thread of its own. */
static int act_without_netlink(struct errand *errand, int (*act)(struct errand *errand))
{
    struct refused refused = {errand, act};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, act_refused, &refused), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return errand->result;
}

static void assert_source(const struct sockets *sockets, enum source_kind kind, int refusal)
{
    struct source source = sockets_source(sockets);
    assert_int_equal(source.kind, kind);
    assert_int_equal(source.refusal, refusal);
}

static void netlink_is_used_where_it_is_there(void **state)
{
    (void)state;
    cleanup(sockets_closep) struct sockets *sockets = NULL;
    assert_int_equal(sockets_open(&sockets, NULL), 0);
    assert_source(sockets, SOURCE_NETLINK, 0);
    sockets_renew(sockets, clock_monotonic_ns() + MINUTE_NS);
    assert_source(sockets, SOURCE_NETLINK, 0);
}

static void proc_net_stands_in_for_whatever_reason_netlink_is_refused(void **state)
{
    (void)state;
    static const int refusals[] = {EPROTONOSUPPORT, EAFNOSUPPORT, EOPNOTSUPP, ENOENT, EPERM, EACCES, ENOSYS};
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        struct errand errand = {.refusal = refusals[i]};
        assert_int_equal(act_without_netlink(&errand, open_sockets), 0);
        cleanup(sockets_closep) struct sockets *sockets = errand.sockets;
        assert_source(sockets, SOURCE_PROCFS, refusals[i]);
        assert_false(sockets_shows_bound(sockets));
        assert_int_equal(walk_all(&errand), 0);
    }
}

static void a_passing_failure_is_a_failure(void **state)
{
    (void)state;
    static const int failures[] = {ENOBUFS, EMFILE, ENFILE, ENOMEM, EINTR};
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        struct errand errand = {.refusal = failures[i]};
        assert_int_equal(act_without_netlink(&errand, open_sockets), -failures[i]);
        assert_null(errand.sockets);
    }
}

static void netlink_is_tried_again_after_a_minute(void **state)
{
    (void)state;
    struct errand errand = {.refusal = EPROTONOSUPPORT};
    int64_t before_ns = clock_monotonic_ns();
    assert_int_equal(act_without_netlink(&errand, open_sockets), 0);
    cleanup(sockets_closep) struct sockets *sockets = errand.sockets;
    sockets_renew(sockets, before_ns + MINUTE_NS - 1);
    assert_source(sockets, SOURCE_PROCFS, EPROTONOSUPPORT);
    sockets_renew(sockets, clock_monotonic_ns() + MINUTE_NS);
    assert_source(sockets, SOURCE_NETLINK, 0);
    assert_int_equal(walk_all(&errand), 0);
}

static int renew_after_a_minute(struct errand *errand)
{
    sockets_renew(errand->sockets, clock_monotonic_ns() + MINUTE_NS);
    return 0;
}

static void each_minute_in_vain_leaves_proc_net(void **state)
{
    (void)state;
    struct errand errand = {.refusal = EPROTONOSUPPORT};
    assert_int_equal(act_without_netlink(&errand, open_sockets), 0);
    cleanup(sockets_closep) struct sockets *sockets = errand.sockets;
    errand.refusal = EACCES;
    assert_int_equal(act_without_netlink(&errand, renew_after_a_minute), 0);
    assert_source(sockets, SOURCE_PROCFS, EACCES);
    assert_int_equal(walk_all(&errand), 0);
}

static void netlink_that_goes_away_fails_one_walk_and_is_replaced(void **state)
{
    (void)state;
    struct errand errand = {.refusal = EPERM};
    assert_int_equal(open_sockets(&errand), 0);
    cleanup(sockets_closep) struct sockets *sockets = errand.sockets;
    /* After a failure the next walk opens a new socket, and cannot. */
    const struct sockets_query query = {.protocol = PROTOCOL_TCP};
    cleanup(cleanup_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(sockets_walk(sockets, &query, give_up, NULL, NULL), -ENOMEM);
    assert_int_equal(act_without_netlink(&errand, walk_all), -EPERM);
    assert_source(sockets, SOURCE_NETLINK, 0);
    sockets_renew(sockets, clock_monotonic_ns());
    assert_source(sockets, SOURCE_PROCFS, EPERM);
    assert_int_equal(walk_all(&errand), 0);
}

/* The sockets of one port. */
struct table {
    struct sock socks[SOCKS_MAX];
    size_t count;
};

static int add(void *context, const struct sock *sock)
{
    struct table *table = context;
    assert_true(table->count < SOCKS_MAX);
    table->socks[table->count++] = *sock;
    return 0;
}

/* Sockets of one port and address differ in state or in peer. */
static int in_order(const void *left, const void *right)
{
    const struct sock *l = left;
    const struct sock *r = right;
    if (l->state != r->state)
        return l->state < r->state ? -1 : 1;
    return (l->remote_port > r->remote_port) - (l->remote_port < r->remote_port);
}

static struct table table_as_of(struct sockets *sockets, enum protocol protocol, uint16_t port, int64_t as_of_ns)
{
    struct table table = {0};
    const struct sockets_query query = {.protocol = protocol, .port = port, .as_of_ns = as_of_ns};
    assert_int_equal(sockets_walk(sockets, &query, add, &table, NULL), 0);
    qsort(table.socks, table.count, sizeof(table.socks[0]), in_order);
    return table;
}

static struct table table_of(struct sockets *sockets, enum protocol protocol, uint16_t port)
{
    return table_as_of(sockets, protocol, port, 0);
}

/* before and after: netlink, around a look at /proc/net. */
static void assert_same(const struct sock *procfs, const struct sock *before, const struct sock *after)
{
    assert_int_equal(procfs->protocol, before->protocol);
    assert_int_equal(procfs->family, before->family);
    assert_int_equal(procfs->state, before->state);
    assert_int_equal(procfs->direction, before->direction);
    assert_int_equal(procfs->minisocket, before->minisocket);
    assert_true(address_equal(&procfs->local, &before->local));
    assert_true(address_equal(&procfs->remote, &before->remote));
    assert_int_equal(procfs->local_port, before->local_port);
    assert_int_equal(procfs->remote_port, before->remote_port);
    assert_int_equal(procfs->queue_length, before->queue_length);
    assert_int_equal(procfs->inode, before->inode);
    assert_int_equal(procfs->uid, before->uid);
    assert_true(procfs->remaining_ms >= after->remaining_ms);
    assert_true(procfs->remaining_ms <= before->remaining_ms + TICK_MS);
}

static void assert_tables_agree(enum protocol protocol, uint16_t port, size_t count)
{
    struct errand errand = {.refusal = EPROTONOSUPPORT};
    assert_int_equal(act_without_netlink(&errand, open_sockets), 0);
    cleanup(sockets_closep) struct sockets *procfs = errand.sockets;
    cleanup(sockets_closep) struct sockets *netlink = NULL;
    assert_int_equal(sockets_open(&netlink, NULL), 0);
    struct table before = table_of(netlink, protocol, port);
    struct table shown = table_of(procfs, protocol, port);
    struct table after = table_of(netlink, protocol, port);
    assert_int_equal(before.count, count);
    assert_int_equal(shown.count, count);
    assert_int_equal(after.count, count);
    for (size_t i = 0; i < count; i++)
        assert_same(&shown.socks[i], &before.socks[i], &after.socks[i]);
}

/* ::1 or 127.0.0.1, a port that the kernel picks. */
union place {
    struct sockaddr generic;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

static socklen_t loopback(int family, union place *ret_place)
{
    *ret_place = (union place){0};
    ret_place->generic.sa_family = (sa_family_t)family;
    if (family == AF_INET)
        ret_place->ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        ret_place->ipv6.sin6_addr = in6addr_loopback;
    return family == AF_INET ? sizeof(ret_place->ipv4) : sizeof(ret_place->ipv6);
}

static uint16_t port_of(const union place *place)
{
    return ntohs(place->generic.sa_family == AF_INET ? place->ipv4.sin_port : place->ipv6.sin6_port);
}

static int bound(int family, int type, union place *ret_place)
{
    socklen_t length = loopback(family, ret_place);
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, &ret_place->generic, length), 0);
    assert_int_equal(getsockname(fd, &ret_place->generic, &length), 0);
    return fd;
}

static bool reaches(uint16_t port, enum sock_state state)
{
    cleanup(sockets_closep) struct sockets *netlink = NULL;
    assert_int_equal(sockets_open(&netlink, NULL), 0);
    struct table table = table_of(netlink, PROTOCOL_TCP, port);
    for (size_t i = 0; i < table.count; i++)
        if (table.socks[i].state == state)
            return true;
    return false;
}

static void await_state(uint16_t port, enum sock_state state)
{
    int64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;
    while (!reaches(port, state)) {
        assert_true(clock_monotonic_ns() < end_ns);
        (void)poll(NULL, 0, PAUSE_MS);
    }
}

/* A listener; a connection that waits for accept(), one in TIME_WAIT, one orphaned in FIN_WAIT2. */
static void tables_agree_for(int family)
{
    union place place;
    cleanup(cleanup_close) int listener = bound(family, SOCK_STREAM, &place);
    assert_int_equal(listen(listener, CLIENTS), 0);
    int clients[CLIENTS];
    int accepted[CLIENTS - 1];
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(clients[i], &place.generic, sizeof(place)), 0);
        if (i < CLIENTS - 1)
            accepted[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    }
    for (size_t i = 0; i < CLIENTS - 1; i++)
        cleanup_close(&accepted[i]);
    cleanup_close(&clients[0]);
    await_state(port_of(&place), SOCK_TIME_WAIT);
    await_state(port_of(&place), SOCK_FIN_WAIT2);
    assert_tables_agree(PROTOCOL_TCP, port_of(&place), 1 + CLIENTS);
    cleanup_close(&clients[1]);
    cleanup_close(&clients[2]);
}

static void both_show_the_same_tcp_sockets(void **state)
{
    (void)state;
    tables_agree_for(AF_INET);
    tables_agree_for(AF_INET6);
}

static void both_show_the_same_udp_sockets(void **state)
{
    (void)state;
    static const int families[] = {AF_INET, AF_INET6};
    for (size_t i = 0; i < 2; i++) {
        union place place;
        cleanup(cleanup_close) int fd = bound(families[i], SOCK_DGRAM, &place);
        assert_tables_agree(PROTOCOL_UDP, port_of(&place), 1);
        assert_int_equal(connect(fd, &place.generic, sizeof(place)), 0);
        assert_tables_agree(PROTOCOL_UDP, port_of(&place), 1);
    }
}

/* As if the walk had begun so long ago. */
static void assert_read_late(struct sockets *sockets, uint16_t port)
{
    int64_t before_ns = clock_monotonic_ns();
    struct table late = table_as_of(sockets, PROTOCOL_TCP, port, before_ns - MINUTE_NS);
    int64_t longest_ms = (clock_monotonic_ns() - before_ns) / CLOCK_NS_PER_MS + 1;
    assert_int_equal(late.count, 1);
    assert_in_range(late.socks[0].read_after_ms, MINUTE_MS, MINUTE_MS + longest_ms);
    assert_int_equal(table_of(sockets, PROTOCOL_TCP, port).socks[0].read_after_ms, 0);
}

static void both_tell_how_late_a_socket_was_read(void **state)
{
    (void)state;
    union place place;
    cleanup(cleanup_close) int fd = bound(AF_INET, SOCK_STREAM, &place);
    assert_int_equal(listen(fd, 1), 0);
    struct errand errand = {.refusal = EPROTONOSUPPORT};
    assert_int_equal(act_without_netlink(&errand, open_sockets), 0);
    cleanup(sockets_closep) struct sockets *procfs = errand.sockets;
    cleanup(sockets_closep) struct sockets *netlink = NULL;
    assert_int_equal(sockets_open(&netlink, NULL), 0);
    assert_read_late(procfs, port_of(&place));
    assert_read_late(netlink, port_of(&place));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(netlink_is_used_where_it_is_there),
        cmocka_unit_test(proc_net_stands_in_for_whatever_reason_netlink_is_refused),
        cmocka_unit_test(a_passing_failure_is_a_failure),
        cmocka_unit_test(netlink_is_tried_again_after_a_minute),
        cmocka_unit_test(each_minute_in_vain_leaves_proc_net),
        cmocka_unit_test(netlink_that_goes_away_fails_one_walk_and_is_replaced),
        cmocka_unit_test(both_show_the_same_tcp_sockets),
        cmocka_unit_test(both_show_the_same_udp_sockets),
        cmocka_unit_test(both_tell_how_late_a_socket_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
