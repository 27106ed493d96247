/* Which address is in the way of which: the address matrices, of everything that differs in them. */
#include "trial.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Holders of one kind, at each spot. */
struct row {
    const char *name;
    struct tenant tenant;
    enum cause cause;
    bool reuseaddr_works;
    /* As the kernel has it: for 0.0.0.0, 127.0.0.1, 127.0.0.2, :: and ::1, x where a plain bind fails. */
    const char *const matrix[SPOT_COUNT];
};

/* Of sockets that are bound to the spot itself. */
#define MATRIX_OF_BOUND                                                                                                \
    {                                                                                                                  \
        [SPOT_IPV4_ANY] = "xxxx-", [SPOT_LOOPBACK_1] = "xx-x-", [SPOT_LOOPBACK_2] = "x-xx-", [SPOT_DUAL] = "xxxxx",    \
        [SPOT_V6ONLY] = "---xx", [SPOT_IPV6_LOOPBACK] = "---xx", [SPOT_MAPPED_LOOPBACK] = "xx-x-",                     \
        [SPOT_MAPPED_ANY] = "xxxx-",                                                                                   \
    }
/*
 * Of connections, which have the one address that their peer reached. A dual-stack one by IPv6 is in the way of 0.0.0.0
 * all the same, though of no other IPv4 address.
 */
#define MATRIX_OF_CONNECTED(dual)                                                                                      \
    {                                                                                                                  \
        [SPOT_IPV4_ANY] = "xx-x-", [SPOT_LOOPBACK_1] = "xx-x-", [SPOT_LOOPBACK_2] = "x-xx-", [SPOT_DUAL] = (dual),     \
        [SPOT_V6ONLY] = "---xx", [SPOT_IPV6_LOOPBACK] = "---xx", [SPOT_MAPPED_LOOPBACK] = "xx-x-",                     \
        [SPOT_MAPPED_ANY] = "xx-x-",                                                                                   \
    }
#define BY_IPV4 "xx-x-"
#define BY_IPV6 "x--xx"

static const struct row rows[] = {
    {"LISTEN", {.state = SOCK_LISTEN}, CAUSE_LISTENER, false, MATRIX_OF_BOUND},
    {"LISTEN, RA", {.state = SOCK_LISTEN, .reuseaddr = true}, CAUSE_LISTENER, false, MATRIX_OF_BOUND},
    {"bound", {.state = SOCK_BOUND_INACTIVE}, CAUSE_BOUND, false, MATRIX_OF_BOUND},
    {"bound, RA", {.state = SOCK_BOUND_INACTIVE, .reuseaddr = true}, CAUSE_BOUND, true, MATRIX_OF_BOUND},
    {"TIME_WAIT by IPv4",
     {.state = SOCK_TIME_WAIT, .orphan = true},
     CAUSE_TIME_WAIT,
     false,
     MATRIX_OF_CONNECTED(BY_IPV4)},
    {"TIME_WAIT by IPv6",
     {.state = SOCK_TIME_WAIT, .orphan = true, .ipv6 = true},
     CAUSE_TIME_WAIT,
     false,
     MATRIX_OF_CONNECTED(BY_IPV6)},
    {"TIME_WAIT by IPv6, RA",
     {.state = SOCK_TIME_WAIT, .orphan = true, .ipv6 = true, .reuseaddr = true},
     CAUSE_TIME_WAIT,
     true,
     MATRIX_OF_CONNECTED(BY_IPV6)},
    {"ESTABLISHED by IPv6",
     {.state = SOCK_ESTABLISHED, .ipv6 = true},
     CAUSE_CONNECTED,
     false,
     MATRIX_OF_CONNECTED(BY_IPV6)},
    {"outgoing ESTABLISHED by IPv6",
     {.state = SOCK_ESTABLISHED, .role = ROLE_CLIENT, .ipv6 = true},
     CAUSE_OUTGOING,
     false,
     MATRIX_OF_CONNECTED(BY_IPV6)},
    {"UDP bound", {.protocol = PROTOCOL_UDP, .state = SOCK_CLOSE}, CAUSE_BOUND, false, MATRIX_OF_BOUND},
    {"UDP bound, RA",
     {.protocol = PROTOCOL_UDP, .state = SOCK_CLOSE, .reuseaddr = true},
     CAUSE_BOUND,
     false,
     MATRIX_OF_BOUND},
};

/* The columns of the matrices; the last is a stand-in for IPv6 addresses inside the kernel, and must not show. */
static const char *const columns[] = {"0.0.0.0", "127.0.0.1", "127.0.0.2", "::", "::1", "127.0.0.6"};

static void assert_cell(const struct trial *trial, const struct world *world, enum spot spot, size_t column)
{
    const struct row *row = trial->row;
    const struct endpoint endpoint = world_endpoint(world, row->tenant.protocol, columns[column]);
    cleanup(verdict_done) struct verdict verdict = {0};
    const struct direct truth = trial_compare(trial, &endpoint, &verdict);
    bool blocked = truth.cells[0].plain != 0;
    bool documented = column < strlen(row->matrix[spot]);
    if (documented && blocked != (row->matrix[spot][column] == 'x'))
        fail_msg("%s at %s is %sin the way of %s", row->name, spot_name(spot), blocked ? "" : "not ", columns[column]);
    enum verdict_kind kind = row->reuseaddr_works ? VERDICT_REUSABLE : VERDICT_HELD;
    assert_string_equal(verdict_kind_name(verdict.kind), verdict_kind_name(blocked ? kind : VERDICT_FREE));
    enum cause cause = ways_holder_is_hidden(trial->ways, &endpoint)
                           ? CAUSE_UNSEEN
                           : ways_cause_shown(trial->ways, row->cause, row->tenant.state);
    assert_string_equal(cause_name(verdict.cause), cause_name(blocked ? cause : CAUSE_NONE));
}

static void each_address_blocks_just_what_it_must(void **state)
{
    const struct trial *trial = *state;
    const struct row *row = trial->row;
    for (enum spot spot = SPOT_IPV4_ANY; spot <= SPOT_MAPPED_ANY; spot++) {
        struct tenant tenant = row->tenant;
        tenant.spot = spot;
        cleanup(world_done) struct world world = trial_world(trial, spot);
        assert_int_equal(world_add(&world, &tenant), 0);
        for (size_t column = 0; column < COUNT_OF(columns); column++)
            assert_cell(trial, &world, spot, column);
    }
}

int main(void)
{
    const struct trial_table table = {
        .rows = rows,
        .row_size = sizeof(*rows),
        .count = COUNT_OF(rows),
        .test = each_address_blocks_just_what_it_must,
    };
    return trial_run(&table);
}
