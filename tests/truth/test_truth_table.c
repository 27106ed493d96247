/* Every row of the bind table: what a socket does to the binds of others, by what it has come to and its options. */
#include "trial.h"

#include <errno.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* TIME_WAIT and orphaned FIN_WAIT2 last as long as that when they are new (tcp_fin_timeout is 60 s, too). */
#define MINISOCKET_S 60
/* What is announced may be so much above the timer's slack, and no more. */
#define TOLERANCE_S 0.5
/* Since the tenant moved in, at the most. */
#define AGE_S 3

/* Who comes, and what is true of the wildcard addresses then. A plain bind fails in every row. */
struct row {
    const char *name;
    struct tenant tenant;
    enum cause cause;
    bool reuseaddr_works;
    bool timed; /* time alone frees the port */
};

#define SERVER(...)                                                                                                    \
    {                                                                                                                  \
        .role = ROLE_SERVER, __VA_ARGS__                                                                               \
    }
#define CLIENT(...)                                                                                                    \
    {                                                                                                                  \
        .role = ROLE_CLIENT, __VA_ARGS__                                                                               \
    }
#define AUTOBIND(...)                                                                                                  \
    {                                                                                                                  \
        .role = ROLE_AUTOBIND, __VA_ARGS__                                                                             \
    }
#define LISTEN .state = SOCK_LISTEN
#define BOUND .state = SOCK_BOUND_INACTIVE
#define ESTABLISHED .state = SOCK_ESTABLISHED
#define FIN_WAIT1 .state = SOCK_FIN_WAIT1
#define FIN_WAIT2 .state = SOCK_FIN_WAIT2
#define CLOSE_WAIT .state = SOCK_CLOSE_WAIT
#define LAST_ACK .state = SOCK_LAST_ACK
#define CLOSING .state = SOCK_CLOSING
#define TIME_WAIT .state = SOCK_TIME_WAIT, .orphan = true
#define SYN_SENT .state = SOCK_SYN_SENT
#define SYN_RECV .state = SOCK_SYN_RECV, .listener_stays = true
#define RA .reuseaddr = true
#define RP .reuseport = true
#define OTHER_USER .foreign = true
#define CLOSED .orphan = true
#define WITH_LISTENER .listener_stays = true

static const struct row rows[] = {
    {"LISTEN", SERVER(LISTEN), CAUSE_LISTENER, false, false},
    {"LISTEN, RA", SERVER(LISTEN, RA), CAUSE_LISTENER, false, false},
    {"LISTEN, RP", SERVER(LISTEN, RP), CAUSE_LISTENER, false, false},
    {"LISTEN, RP, other user", SERVER(LISTEN, RP, OTHER_USER), CAUSE_LISTENER, false, false},
    {"LISTEN, RA, RP", SERVER(LISTEN, RA, RP), CAUSE_LISTENER, false, false},
    {"LISTEN, RA, RP, other user", SERVER(LISTEN, RA, RP, OTHER_USER), CAUSE_LISTENER, false, false},
    {"bound only", SERVER(BOUND), CAUSE_BOUND, false, false},
    {"bound only, RA", SERVER(BOUND, RA), CAUSE_BOUND, true, false},
    {"bound only, RP", SERVER(BOUND, RP), CAUSE_BOUND, false, false},
    {"bound only, RA, RP", SERVER(BOUND, RA, RP), CAUSE_BOUND, true, false},
    {"bound only, RA, RP, other user", SERVER(BOUND, RA, RP, OTHER_USER), CAUSE_BOUND, true, false},
    {"ESTABLISHED child", SERVER(ESTABLISHED), CAUSE_CONNECTED, false, false},
    {"ESTABLISHED child, RA", SERVER(ESTABLISHED, RA), CAUSE_CONNECTED, true, false},
    {"ESTABLISHED child, RP", SERVER(ESTABLISHED, RP), CAUSE_CONNECTED, false, false},
    {"ESTABLISHED child with its listener", SERVER(ESTABLISHED, RA, WITH_LISTENER), CAUSE_LISTENER, false, false},
    {"ESTABLISHED, not yet accepted", SERVER(ESTABLISHED, RA, CLOSED, WITH_LISTENER), CAUSE_LISTENER, false, false},
    {"SYN_RECV", SERVER(SYN_RECV), CAUSE_LISTENER, false, false},
    {"FIN_WAIT1, open", SERVER(FIN_WAIT1), CAUSE_CLOSING, false, false},
    {"FIN_WAIT1", SERVER(FIN_WAIT1, CLOSED), CAUSE_CLOSING, false, false},
    {"FIN_WAIT1, RA", SERVER(FIN_WAIT1, CLOSED, RA), CAUSE_CLOSING, true, false},
    {"FIN_WAIT2, open", SERVER(FIN_WAIT2), CAUSE_CLOSING, false, false},
    {"FIN_WAIT2, open, RA", SERVER(FIN_WAIT2, RA), CAUSE_CLOSING, true, false},
    {"FIN_WAIT2", SERVER(FIN_WAIT2, CLOSED), CAUSE_CLOSING, false, true},
    {"FIN_WAIT2, RA", SERVER(FIN_WAIT2, CLOSED, RA), CAUSE_CLOSING, true, true},
    {"CLOSING", SERVER(CLOSING, CLOSED), CAUSE_CLOSING, false, false},
    {"CLOSING, RA", SERVER(CLOSING, CLOSED, RA), CAUSE_CLOSING, true, false},
    {"CLOSE_WAIT", SERVER(CLOSE_WAIT), CAUSE_CONNECTED, false, false},
    {"CLOSE_WAIT, RA", SERVER(CLOSE_WAIT, RA), CAUSE_CONNECTED, true, false},
    {"LAST_ACK", SERVER(LAST_ACK, CLOSED), CAUSE_CLOSING, false, false},
    {"LAST_ACK, RA", SERVER(LAST_ACK, CLOSED, RA), CAUSE_CLOSING, true, false},
    {"TIME_WAIT", SERVER(TIME_WAIT), CAUSE_TIME_WAIT, false, true},
    {"TIME_WAIT, RA", SERVER(TIME_WAIT, RA), CAUSE_TIME_WAIT, true, true},
    {"TIME_WAIT, RP", SERVER(TIME_WAIT, RP), CAUSE_TIME_WAIT, false, true},
    {"TIME_WAIT, RP, other user", SERVER(TIME_WAIT, RP, OTHER_USER), CAUSE_TIME_WAIT, false, true},
    {"TIME_WAIT, RA, RP", SERVER(TIME_WAIT, RA, RP), CAUSE_TIME_WAIT, true, true},
    {"TIME_WAIT, RA set on the child", SERVER(TIME_WAIT, .afterthought = AFTERTHOUGHT_SET), CAUSE_TIME_WAIT, true,
     true},
    {"TIME_WAIT, RA cleared on the child", SERVER(TIME_WAIT, RA, .afterthought = AFTERTHOUGHT_CLEAR), CAUSE_TIME_WAIT,
     false, true},
    {"TIME_WAIT with a listener", SERVER(TIME_WAIT, WITH_LISTENER), CAUSE_LISTENER, false, false},
    {"TIME_WAIT with a listener, RA", SERVER(TIME_WAIT, RA, WITH_LISTENER), CAUSE_LISTENER, false, false},
    {"outgoing SYN_SENT", AUTOBIND(SYN_SENT), CAUSE_OUTGOING, false, false},
    {"outgoing ESTABLISHED", AUTOBIND(ESTABLISHED), CAUSE_OUTGOING, false, false},
    {"outgoing ESTABLISHED, RA", AUTOBIND(ESTABLISHED, RA), CAUSE_OUTGOING, true, false},
    {"outgoing CLOSE_WAIT", AUTOBIND(CLOSE_WAIT), CAUSE_OUTGOING, false, false},
    {"outgoing TIME_WAIT", AUTOBIND(TIME_WAIT), CAUSE_TIME_WAIT, false, true},
    {"outgoing TIME_WAIT, RA", AUTOBIND(TIME_WAIT, RA), CAUSE_TIME_WAIT, true, true},
    {"outgoing ESTABLISHED after bind(port)", CLIENT(ESTABLISHED), CAUSE_OUTGOING, false, false},
    {"outgoing ESTABLISHED after bind(port), RA", CLIENT(ESTABLISHED, RA), CAUSE_OUTGOING, true, false},
    {"outgoing ESTABLISHED after bind(0)", {.role = ROLE_BIND_ZERO, ESTABLISHED}, CAUSE_OUTGOING, false, false},
    {"outgoing ESTABLISHED, NO_PORT", {.role = ROLE_NO_PORT, ESTABLISHED}, CAUSE_OUTGOING, false, false},
    {"outgoing connection that was reset", CLIENT(BOUND), CAUSE_BOUND, false, false},
    {"outgoing connection that was reset, RA", CLIENT(BOUND, RA), CAUSE_BOUND, true, false},
    {"MPTCP LISTEN", SERVER(LISTEN, .mptcp = true), CAUSE_LISTENER, false, false},
    {"MPTCP LISTEN, RA", SERVER(LISTEN, RA, .mptcp = true), CAUSE_LISTENER, false, false},
    {"MPTCP bound only", SERVER(BOUND, .mptcp = true), CAUSE_BOUND, false, false},
    {"LISTEN on lo", SERVER(LISTEN, .device = DEVICE_LO), CAUSE_LISTENER, false, false},
    {"LISTEN on another device", SERVER(LISTEN, .device = DEVICE_SANDBOX), CAUSE_LISTENER, false, false},
    {"bound only on another device, RA", SERVER(BOUND, RA, .device = DEVICE_SANDBOX), CAUSE_BOUND, true, false},
    {"TIME_WAIT on lo", SERVER(TIME_WAIT, .device = DEVICE_LO), CAUSE_TIME_WAIT, false, true},
};

/* The table is run for IPv4 and for a dual-stack server whose peers come by either. */
static const struct {
    enum spot spot;
    bool ipv6;
} families[] = {{SPOT_IPV4_ANY, false}, {SPOT_DUAL, false}, {SPOT_DUAL, true}};

static void assert_frees(const struct ways *ways, struct frees frees, bool works, bool timed)
{
    assert_int_equal(frees.kind, works || timed ? FREES_AFTER : FREES_NEVER);
    if (works)
        assert_true(frees.seconds <= 0);
    if (works || !timed)
        return;
    double slack = (double)kernel_timer_slack_ms(&ways->inquiry.settings, MINISOCKET_S * 1000) / 1000;
    assert_true(frees.seconds > MINISOCKET_S - AGE_S);
    assert_true(frees.seconds <= MINISOCKET_S + slack + TOLERANCE_S);
}

/* Who alone holds the port is out of sight: that much is said, and nothing is made up about him. */
static void assert_unseen(const struct verdict *verdict, const struct direct *truth)
{
    assert_string_equal(cause_name(verdict->cause), "unseen");
    assert_int_equal(verdict->holder_count, 0);
    assert_int_equal(verdict->plain.kind, FREES_NOT_KNOWN);
    assert_int_equal(verdict->reuseaddr.kind, truth->kind == VERDICT_REUSABLE ? FREES_AFTER : FREES_NOT_KNOWN);
}

/* Who is alone on the port is the cause wherever he is in the way. */
static void assert_verdict(const struct trial *trial, const struct verdict *verdict, const struct direct *truth)
{
    const struct row *row = trial->row;
    if (truth->kind == VERDICT_FREE)
        return;
    if (ways_holder_is_hidden(trial->ways, &verdict->endpoint)) {
        assert_unseen(verdict, truth);
        return;
    }
    assert_string_equal(cause_name(verdict->cause),
                        cause_name(ways_cause_shown(trial->ways, row->cause, row->tenant.state)));
    assert_true(verdict->holder_count > 0);
    assert_frees(trial->ways, verdict->plain, false, row->timed);
    assert_frees(trial->ways, verdict->reuseaddr, truth->kind == VERDICT_REUSABLE, row->timed);
    bool extends = row->tenant.state == SOCK_FIN_WAIT2 && row->tenant.orphan;
    assert_int_equal(verdict->may_extend, extends);
}

/* Who is there has this process as its owner, unless nobody has it open; and of a listener the option is read. */
static void assert_owner(const struct trial *trial, struct verdict *verdict)
{
    const struct tenant *tenant = &((const struct row *)trial->row)->tenant;
    assert_int_equal(inquiry_explain(&trial->ways->inquiry, 0, NULL, verdict), 0);
    if (verdict->cause == CAUSE_UNSEEN)
        return;
    const struct holder *holder = &verdict->holders[0];
    assert_int_equal(holder->owner_count, holder->state != SOCK_LISTEN && tenant->orphan ? 0 : 1);
    if (holder->owner_count > 0)
        assert_int_equal(holder->owners[0].pid, getpid());
    if (holder->state == SOCK_LISTEN)
        assert_int_equal(holder->reuseport, tenant->reuseport ? SOCKOPT_ON : SOCKOPT_OFF);
}

/* The row is what the table says it is: else something else was built, and proves nothing. */
static void assert_row_is_true(const struct row *row, const struct direct *truth)
{
    for (size_t i = 0; i < truth->count; i++) {
        assert_string_equal(agreement_result(truth->cells[i].plain), "EADDRINUSE");
        assert_string_equal(agreement_result(truth->cells[i].reuseaddr), row->reuseaddr_works ? "ok" : "EADDRINUSE");
    }
}

static void every_bind_and_the_cause_are_told_as_they_are(void **state)
{
    const struct trial *trial = *state;
    const struct row *row = trial->row;
    for (size_t f = 0; f < COUNT_OF(families); f++) {
        struct tenant tenant = row->tenant;
        tenant.spot = families[f].spot;
        tenant.ipv6 = families[f].ipv6;
        cleanup(world_done) struct world world = trial_world(trial, f);
        int r = world_add(&world, &tenant);
        if (r == -EPROTONOSUPPORT && tenant.mptcp) {
            print_message("this kernel has no MPTCP\n");
            skip();
        }
        assert_int_equal(r, 0);
        for (const char *const *address = world_addresses; *address != NULL; address++) {
            const struct endpoint endpoint = world_endpoint(&world, PROTOCOL_TCP, *address);
            cleanup(verdict_done) struct verdict verdict = {0};
            const struct direct truth = trial_compare(trial, &endpoint, &verdict);
            if (endpoint.any_address)
                assert_row_is_true(row, &truth);
            assert_verdict(trial, &verdict, &truth);
            if (endpoint.any_address)
                assert_owner(trial, &verdict);
        }
    }
}

int main(void)
{
    const struct trial_table table = {
        .rows = rows,
        .row_size = sizeof(*rows),
        .count = COUNT_OF(rows),
        .test = every_bind_and_the_cause_are_told_as_they_are,
    };
    return trial_run(&table);
}
