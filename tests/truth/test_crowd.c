/* A port held at more addresses than the agent keeps apart: what it gathers must not make it say what is not so. */
#include "trial.h"

#include <errno.h>
#include <stdio.h>

#include "connection.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define CROWD (HOLDERS_GROUPS_MAX + 8)

struct row {
    const char *name;
    enum sock_state state;
    bool reuseaddr;
    bool ipv6_too; /* and a listener at ::1 */
};

static const struct row rows[] = {
    {"listeners", SOCK_LISTEN, false, false},
    {"listeners, one by IPv6", SOCK_LISTEN, false, true},
    {"bound", SOCK_BOUND_INACTIVE, false, false},
    {"bound, RA", SOCK_BOUND_INACTIVE, true, false},
    {"connections", SOCK_ESTABLISHED, false, false},
    {"connections, RA", SOCK_ESTABLISHED, true, false},
    {"connections, and a listener by IPv6", SOCK_ESTABLISHED, true, true},
    {"TIME_WAITs", SOCK_TIME_WAIT, false, false},
    {"TIME_WAITs, RA", SOCK_TIME_WAIT, true, false},
};

struct crowd {
    int ours[CROWD + 1];
    int theirs[CROWD];
};

static void crowd_done(struct crowd *crowd)
{
    for (size_t i = 0; i < COUNT_OF(crowd->ours); i++)
        cleanup_close(&crowd->ours[i]);
    for (size_t i = 0; i < COUNT_OF(crowd->theirs); i++)
        cleanup_close(&crowd->theirs[i]);
}

/* The first one is nobody's. */
static void address_of(size_t number, char ret_text[static ADDRESS_TEXT_MAX])
{
    (void)snprintf(ret_text, ADDRESS_TEXT_MAX, "127.0.1.%zu", number);
}

static int bound_socket(const char *address, uint16_t port, bool reuseaddr)
{
    union spot_address where;
    socklen_t length = spot_address(address, port, &where);
    int fd = socket(where.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = reuseaddr;
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
    assert_int_equal(bind(fd, &where.generic, length), 0);
    return fd;
}

static void listen_on(int fd)
{
    assert_int_equal(listen(fd, SOMAXCONN), 0);
}

/* Connections to every address, made by one listener that goes away. */
static void connect_crowd(const struct row *row, struct crowd *crowd, uint16_t port)
{
    cleanup(cleanup_close) int listener = bound_socket("0.0.0.0", port, row->reuseaddr);
    listen_on(listener);
    for (size_t i = 0; i < CROWD; i++) {
        char address[ADDRESS_TEXT_MAX];
        address_of(i + 1, address);
        crowd->theirs[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connection_connect(crowd->theirs[i], address, port), 0);
        crowd->ours[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        assert_true(crowd->ours[i] >= 0);
        struct connection connection = {.ours = crowd->ours[i], .theirs = crowd->theirs[i]};
        assert_int_equal(connection_bring(&connection, row->state, true), 0);
        crowd->ours[i] = connection.ours;
        crowd->theirs[i] = connection.theirs;
    }
}

static void move_in(const struct row *row, struct crowd *crowd, uint16_t port)
{
    for (size_t i = 0; i < COUNT_OF(crowd->ours); i++)
        crowd->ours[i] = -1;
    for (size_t i = 0; i < COUNT_OF(crowd->theirs); i++)
        crowd->theirs[i] = -1;
    bool bound = row->state == SOCK_LISTEN || row->state == SOCK_BOUND_INACTIVE;
    if (!bound)
        connect_crowd(row, crowd, port);
    for (size_t i = 0; bound && i < CROWD; i++) {
        char address[ADDRESS_TEXT_MAX];
        address_of(i + 1, address);
        crowd->ours[i] = bound_socket(address, port, row->reuseaddr);
        if (row->state == SOCK_LISTEN)
            listen_on(crowd->ours[i]);
    }
    if (!row->ipv6_too)
        return;
    crowd->ours[CROWD] = bound_socket("::1", port, false);
    listen_on(crowd->ours[CROWD]);
}

static struct direct ask(const struct trial *trial, const char *address)
{
    const struct world world = trial_world(trial, 0);
    const struct endpoint endpoint = world_endpoint(&world, PROTOCOL_TCP, address);
    cleanup(verdict_done) struct verdict verdict = {0};
    return trial_compare(trial, &endpoint, &verdict);
}

static void a_crowd_is_not_taken_for_something_else(void **state)
{
    const struct trial *trial = *state;
    cleanup(crowd_done) struct crowd crowd;
    move_in(trial->row, &crowd, trial->port);
    for (const char *const *address = world_addresses; *address != NULL; address++)
        (void)ask(trial, *address);
    /* The first and the last of the crowd, and two who are not among them. */
    static const struct {
        size_t number;
        bool held;
    } seats[] = {{1, true}, {CROWD, true}, {0, false}, {CROWD + 1, false}};
    for (size_t i = 0; i < COUNT_OF(seats); i++) {
        char address[ADDRESS_TEXT_MAX];
        address_of(seats[i].number, address);
        const struct direct truth = ask(trial, address);
        assert_int_equal(truth.kind != VERDICT_FREE, seats[i].held);
    }
}

int main(void)
{
    const struct trial_table table = {
        .rows = rows,
        .row_size = sizeof(*rows),
        .count = COUNT_OF(rows),
        .test = a_crowd_is_not_taken_for_something_else,
    };
    return trial_run(&table);
}
