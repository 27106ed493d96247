/* Every row of the bind table: what a socket does to the binds of others, by what it has come to and its options. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "sandbox.h"
#include "ways.h"
#include "world.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define FIRST_PORT 10000

/* TIME_WAIT and orphaned FIN_WAIT2 last as long as that when they are new (tcp_fin_timeout is 60 s, too). */
#define MINISOCKET_S 60
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

#define SERVER(...) {.role = ROLE_SERVER, __VA_ARGS__}
#define CLIENT(...) {.role = ROLE_CLIENT, __VA_ARGS__}
#define AUTOBIND(...) {.role = ROLE_AUTOBIND, __VA_ARGS__}
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
    {"TIME_WAIT, RA set on the child", SERVER(TIME_WAIT, .afterthought = AFTERTHOUGHT_SET), CAUSE_TIME_WAIT, true, true},
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
    /* The socket that was shut down stays open, and what bind() gave it stays with it. */
    {"outgoing TIME_WAIT, still open", CLIENT(.state = SOCK_TIME_WAIT), CAUSE_BOUND, false, false},
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

static const char *const endpoint_texts[] = {"%u",           "0.0.0.0:%u", "127.0.0.1:%u",
                                             "127.0.0.2:%u", "[::]:%u",    "[::1]:%u"};

struct trial {
    struct ways *ways;
    const struct row *row;
    uint16_t port; /* the first of COUNT_OF(families) */
};

static struct endpoint endpoint_of(const char *format, uint16_t port)
{
    char digits[8];
    char text[ENDPOINT_TEXT_MAX];
    (void)snprintf(digits, sizeof(digits), "%u", port);
    const char *mark = strstr(format, "%u");
    (void)snprintf(text, sizeof(text), "%.*s%s", (int)(mark - format), format, digits);
    struct endpoint_range range;
    assert_int_equal(endpoint_parse(text, &range, NULL), 0);
    return range.first;
}

static void assert_frees(const struct ways *ways, struct frees frees, bool works, bool timed)
{
    assert_int_equal(frees.kind, works || timed ? FREES_AFTER : FREES_NEVER);
    if (works)
        assert_true(frees.seconds <= 0);
    if (works || !timed)
        return;
    double slack = (double)kernel_timer_slack_ms(&ways->inquiry.settings, MINISOCKET_S * 1000) / 1000;
    assert_true(frees.seconds > MINISOCKET_S - AGE_S);
    assert_true(frees.seconds <= MINISOCKET_S + slack);
}

/* Who is alone on the port is the cause wherever he is in the way. */
static void assert_verdict(const struct trial *trial, const struct verdict *verdict, const struct direct *truth)
{
    const struct row *row = trial->row;
    if (truth->kind == VERDICT_FREE)
        return;
    assert_string_equal(cause_name(verdict->cause), cause_name(row->cause));
    assert_true(verdict->holder_count > 0);
    assert_frees(trial->ways, verdict->plain, false, row->timed);
    assert_frees(trial->ways, verdict->reuseaddr, truth->kind == VERDICT_REUSABLE, row->timed);
    bool extends = row->tenant.state == SOCK_FIN_WAIT2 && row->tenant.orphan;
    assert_int_equal(verdict->may_extend, extends);
}

/* The row is what the table says it is: else something else was built, and proves nothing. */
static void assert_row_is_true(const struct row *row, const struct direct *truth)
{
    for (size_t i = 0; i < truth->count; i++) {
        assert_string_equal(agreement_result(truth->cells[i].plain), "EADDRINUSE");
        assert_string_equal(agreement_result(truth->cells[i].reuseaddr), row->reuseaddr_works ? "ok" : "EADDRINUSE");
    }
}

static void ask_about(const struct trial *trial, const char *format, uint16_t port)
{
    const struct endpoint endpoint = endpoint_of(format, port);
    cleanup(verdict_done) struct verdict verdict = {0};
    struct direct truth;
    struct error error;
    if (ways_compare(trial->ways, &endpoint, &verdict, &truth, &error) < 0)
        fail_msg("%s", error.text);
    if (endpoint.any_address)
        assert_row_is_true(trial->row, &truth);
    assert_verdict(trial, &verdict, &truth);
}

static void every_bind_and_the_cause_are_told_as_they_are(void **state)
{
    const struct trial *trial = *state;
    for (size_t f = 0; f < COUNT_OF(families); f++) {
        struct tenant tenant = trial->row->tenant;
        tenant.spot = families[f].spot;
        tenant.ipv6 = families[f].ipv6;
        cleanup(world_done) struct world world = {
            .sockdiag = trial->ways->inquiry.sockdiag,
            .port = (uint16_t)(trial->port + f),
        };
        int r = world_add(&world, &tenant);
        if (r == -EPROTONOSUPPORT && tenant.mptcp) {
            print_message("this kernel has no MPTCP\n");
            skip();
        }
        assert_int_equal(r, 0);
        for (size_t e = 0; e < COUNT_OF(endpoint_texts); e++)
            ask_about(trial, endpoint_texts[e], world.port);
    }
}

int main(void)
{
    sandbox_enter_or_skip();
    struct error error;
    struct ways ways;
    if (ways_open(&ways, &error) < 0) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    struct trial trials[COUNT_OF(rows)];
    struct CMUnitTest tests[COUNT_OF(rows)];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        trials[i] = (struct trial){&ways, &rows[i], (uint16_t)(FIRST_PORT + i * COUNT_OF(families))};
        tests[i] = (struct CMUnitTest){
            .name = rows[i].name,
            .test_func = every_bind_and_the_cause_are_told_as_they_are,
            .initial_state = &trials[i],
        };
    }
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    ways_print_tally(&ways);
    ways_done(&ways);
    return failures;
}
