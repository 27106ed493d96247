/* The plain column of the UDP table: any socket on the port is in the way, whatever its options are. */
#include "trial.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct row {
    const char *name;
    struct tenant tenant;
    bool blocks;
};

#define BOUND .protocol = PROTOCOL_UDP, .state = SOCK_CLOSE
#define CONNECTED .protocol = PROTOCOL_UDP, .state = SOCK_ESTABLISHED
#define RA .reuseaddr = true
#define RP .reuseport = true

static const struct row rows[] = {
    {"bound", {BOUND}, true},
    {"bound, RA", {BOUND, RA}, true},
    {"bound, RP", {BOUND, RP}, true},
    {"bound, RP, other user", {BOUND, RP, .foreign = true}, true},
    {"bound, RA, RP", {BOUND, RA, RP}, true},
    {"bound, RA, RP, other user", {BOUND, RA, RP, .foreign = true}, true},
    {"bound and connected", {CONNECTED}, true},
    {"bound and connected, RA", {CONNECTED, RA}, true},
    {"connected from a port that connect() picked", {CONNECTED, .role = ROLE_AUTOBIND}, true},
    {"bound on lo", {BOUND, .device = DEVICE_LO}, true},
    {"bound on another device", {BOUND, .device = DEVICE_SANDBOX}, true},
    {"a TCP listener", {.state = SOCK_LISTEN}, false},
};

static const struct {
    enum spot spot;
    bool ipv6;
} families[] = {{SPOT_IPV4_ANY, false}, {SPOT_DUAL, false}, {SPOT_DUAL, true}};

static void assert_held(const struct verdict *verdict)
{
    assert_string_equal(verdict_kind_name(verdict->kind), "held");
    assert_string_equal(cause_name(verdict->cause), "bound");
    assert_int_equal(verdict->holder_count, 1);
    assert_int_equal(verdict->plain.kind, FREES_NEVER);
    assert_int_equal(verdict->reuseaddr.kind, FREES_NOT_KNOWN);
}

static void a_plain_bind_is_told_as_it_is(void **state)
{
    const struct trial *trial = *state;
    const struct row *row = trial->row;
    for (size_t f = 0; f < COUNT_OF(families); f++) {
        struct tenant tenant = row->tenant;
        tenant.spot = families[f].spot;
        tenant.ipv6 = families[f].ipv6;
        cleanup(world_done) struct world world = trial_world(trial, f);
        assert_int_equal(world_add(&world, &tenant), 0);
        for (const char *const *address = world_addresses; *address != NULL; address++) {
            const struct endpoint endpoint = world_endpoint(&world, PROTOCOL_UDP, *address);
            cleanup(verdict_done) struct verdict verdict = {0};
            const struct direct truth = trial_compare(trial, &endpoint, &verdict);
            if (endpoint.any_address)
                assert_int_equal(truth.kind != VERDICT_FREE, row->blocks);
            if (truth.kind != VERDICT_FREE)
                assert_held(&verdict);
        }
    }
}

int main(void)
{
    const struct trial_table table = {
        .rows = rows,
        .row_size = sizeof(*rows),
        .count = COUNT_OF(rows),
        .test = a_plain_bind_is_told_as_it_is,
    };
    return trial_run(&table);
}
