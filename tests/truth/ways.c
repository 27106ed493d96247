#include "ways.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "collect/bindprobe.h"
#include "hidden.h"
#include "judge/judge.h"
#include "model/report.h"
#include "round.h"

const char *way_name(enum way way)
{
    switch (way) {
    case WAY_WHY:
        return "why";
    case WAY_GENTLE:
        return "gentle binds";
    case WAY_TABLE:
        return "table alone";
    case WAY_AGENT:
        return "agent";
    case WAY_AGENT_TABLE:
        return "agent, probe off";
    case WAY_BEFORE_6_8:
        return "agent before 6.8";
    case WAY_TABLE_BEFORE_6_8:
        return "agent before 6.8, probe off";
    }
    return "?";
}

int ways_open(struct ways *ways, struct error *error)
{
    *ways = (struct ways){0};
    return inquiry_open(&ways->inquiry, error);
}

int ways_reopen(struct ways *ways, struct error *error)
{
    inquiry_done(&ways->inquiry);
    ways->inquiry = (struct inquiry){0};
    return inquiry_open(&ways->inquiry, error);
}

void ways_done(struct ways *ways)
{
    inquiry_done(&ways->inquiry);
}

bool ways_holder_is_hidden(const struct ways *ways, const struct endpoint *endpoint)
{
    return endpoint->protocol == PROTOCOL_TCP && !sockets_shows_bound(ways->inquiry.sockets) &&
           hidden_on(endpoint->port);
}

enum cause ways_cause_shown(const struct ways *ways, enum cause cause, enum sock_state state)
{
    bool told = sockets_source(ways->inquiry.sockets).kind == SOURCE_NETLINK || state == SOCK_SYN_SENT;
    return cause == CAUSE_OUTGOING && !told ? CAUSE_CONNECTED : cause;
}

/* A whole round of the agent, which has never seen the endpoint before. */
static int run_round(const struct endpoint *endpoint, bool probe, struct report **ret_report, struct error *error)
{
    const struct watch watch = {.endpoint = *endpoint, .expected = EXPECTED_NOTHING};
    const struct round_options options = {
        .watches = &watch,
        .watch_count = 1,
        .limits = {.max_ports = 1},
        .probe = probe,
        .probe_interval_ns = INT64_MAX,
    };
    cleanup(round_freep) struct round *round = NULL;
    int r = round_new(&options, &round);
    if (r < 0)
        return error_set(error, r, "no round: %s", strerror(-r));
    cleanup(report_unrefp) struct report *report = round_run(round);
    if (report == NULL || report->failed)
        return error_set(error, -EIO, "the round failed: %s", report == NULL ? "no memory" : report->failure);
    *ret_report = steal_ptr(&report);
    return 0;
}

/* The sockets of a port as a kernel before 6.8 shows them. */
struct old_table {
    struct holders holders;
    bool hides;
};

static int add_unless_bound(void *context, const struct sock *sock)
{
    struct old_table *table = context;
    if (sock->state != SOCK_BOUND_INACTIVE)
        return holders_add(&table->holders, sock);
    table->hides = true;
    return 0;
}

static void old_table_done(struct old_table *table)
{
    holders_done(&table->holders);
}

/* What a round of the agent would say if it ran on such a kernel. */
static int judge_old(const struct ways *ways, const struct endpoint *endpoint, bool probe, struct verdict *ret_verdict,
                     bool *ret_hides, struct error *error)
{
    cleanup(old_table_done) struct old_table table = {0};
    const struct sockets_query query = {.protocol = endpoint->protocol, .port = endpoint->port};
    int r = sockets_walk(ways->inquiry.sockets, &query, add_unless_bound, &table, error);
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    struct bind_result results[ENDPOINT_ADDRESSES_MAX];
    size_t count = probe && endpoint->protocol == PROTOCOL_TCP ? endpoint_addresses(endpoint, addresses) : 0;
    for (size_t i = 0; r == 0 && i < count; i++)
        r = bindprobe_try(PROTOCOL_TCP, &addresses[i], endpoint->port, true, &results[i]);
    const struct judge_evidence evidence = {
        .endpoint = *endpoint,
        .asker = JUDGE_FOR_AGENT,
        .holders = &table.holders,
        .settings = &ways->inquiry.settings,
        .performed = results,
        .performed_count = count,
    };
    *ret_hides = table.hides;
    return r < 0 ? r : judge(&evidence, ret_verdict);
}

/* left_out: a socket that is bound only was, as if the kernel had hidden it. */
static int check(struct ways *ways, enum way way, const struct verdict *verdict, const struct direct *truth,
                 bool left_out, struct error *error)
{
    bool probe = way == WAY_GENTLE || way == WAY_AGENT || way == WAY_BEFORE_6_8;
    /* No bind of UDP is gentle: then the table alone is left, unless the agent finds it empty. */
    bool udp = verdict->endpoint.protocol == PROTOCOL_UDP && way != WAY_AGENT;
    const struct agreement_terms terms = {
        .complete = way == WAY_WHY,
        .table_only = way != WAY_WHY && (!probe || udp),
        .hidden_bound = left_out || ways_holder_is_hidden(ways, &verdict->endpoint),
    };
    int r = agreement_check(verdict, truth, &terms, &ways->tally[way], error);
    if (r < 0)
        error_prefix(error, "%s", way_name(way));
    return r;
}

static int inquire(struct ways *ways, const struct endpoint *endpoint, enum inquiry_binds binds,
                   struct verdict *ret_verdict, struct error *error)
{
    const struct inquiry_question question = {endpoint, binds, clock_monotonic_ns()};
    return inquiry_ask(&ways->inquiry, &question, ret_verdict, error);
}

static int ask(struct ways *ways, enum way way, const struct endpoint *endpoint, const struct direct *truth,
               struct error *error)
{
    cleanup(verdict_done) struct verdict verdict = {0};
    bool hides = false;
    int r;
    if (way == WAY_BEFORE_6_8 || way == WAY_TABLE_BEFORE_6_8)
        r = judge_old(ways, endpoint, way == WAY_BEFORE_6_8, &verdict, &hides, error);
    else
        r = inquire(ways, endpoint, way == WAY_GENTLE ? INQUIRY_GENTLE : INQUIRY_NO_BIND, &verdict, error);
    return r < 0 ? r : check(ways, way, &verdict, truth, hides, error);
}

static int ask_agent(struct ways *ways, enum way way, const struct endpoint *endpoint, const struct direct *truth,
                     struct error *error)
{
    cleanup(report_unrefp) struct report *report = NULL;
    int r = run_round(endpoint, way == WAY_AGENT, &report, error);
    if (r < 0)
        return r;
    const struct report_port *row = report_port_find(&report->netns, endpoint);
    return row == NULL ? error_set(error, -ENOENT, "the report lacks what is watched")
                       : check(ways, way, &row->verdict, truth, false, error);
}

int ways_compare(struct ways *ways, const struct endpoint *endpoint, struct verdict *ret_why, struct direct *ret_truth,
                 struct error *error)
{
    const struct direct truth = direct_ask(endpoint);
    cleanup(verdict_done) struct verdict why = {0};
    int r = inquire(ways, endpoint, INQUIRY_ALL, &why, error);
    if (r == 0)
        r = check(ways, WAY_WHY, &why, &truth, false, error);
    if (r == 0)
        r = ask(ways, WAY_GENTLE, endpoint, &truth, error);
    if (r == 0)
        r = ask(ways, WAY_TABLE, endpoint, &truth, error);
    if (r == 0)
        r = ask_agent(ways, WAY_AGENT, endpoint, &truth, error);
    if (r == 0)
        r = ask_agent(ways, WAY_AGENT_TABLE, endpoint, &truth, error);
    if (r == 0)
        r = ask(ways, WAY_BEFORE_6_8, endpoint, &truth, error);
    if (r == 0)
        r = ask(ways, WAY_TABLE_BEFORE_6_8, endpoint, &truth, error);
    if (r < 0) {
        char text[ENDPOINT_TEXT_MAX];
        endpoint_format(endpoint, text);
        error_prefix(error, "%s", text);
        return r;
    }
    *ret_truth = truth;
    *ret_why = why;
    why = (struct verdict){0};
    return 0;
}

void ways_print_tally(const struct ways *ways)
{
    for (enum way way = WAY_WHY; way <= WAY_TABLE_BEFORE_6_8; way++) {
        const struct agreement_tally *tally = &ways->tally[way];
        double share = tally->cells > 0 ? 100.0 * (double)tally->known / (double)tally->cells : 0;
        (void)printf("  %-28s knew %" PRIu64 " of %" PRIu64 " binds (%.1f %%)", way_name(way), tally->known,
                     tally->cells, share);
        if (tally->blind > 0)
            (void)printf(", %" PRIu64 " of them blind", tally->blind);
        (void)putchar('\n');
    }
}
