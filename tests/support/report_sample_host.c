#include <errno.h>
#include <stdio.h>

#include "report_sample.h"

static void add_sshd(struct report *report)
{
    struct report_port *port = report_sample_port(report, "22", VERDICT_HELD, CAUSE_LISTENER);
    port->states[SOCK_LISTEN] = 1;
    port->states[SOCK_ESTABLISHED] = 2;
    port->verdict.plain.kind = FREES_NEVER;
    port->verdict.reuseaddr.kind = FREES_NEVER;
    report_sample_bind(port, "0.0.0.0", false, EADDRINUSE);
    report_sample_bind(port, "0.0.0.0", true, EADDRINUSE);
    struct holder *listener = report_sample_holder(port, SOCK_LISTEN, "0.0.0.0", 1);
    listener->restart = RESTART_SAFE;
    listener->queue_limit = 128;
    struct owner *owner = report_sample_owner(listener, "sshd", 812);
    (void)snprintf(owner->unit, sizeof(owner->unit), "ssh.service");
    owner->uid = 0;

    struct report_listener *row = report_sample_listener(report, "0.0.0.0", 22);
    row->owner = *owner;
    row->owner_known = true;
    (void)snprintf(report->netns.id, sizeof(report->netns.id), "boot/7");
    struct report_counts *counts = report_sample_counts(report, PROTOCOL_TCP, 22, NULL);
    counts->states[SOCK_LISTEN] = 1;
    counts->states[SOCK_ESTABLISHED] = 2;
}

static void add_database(struct report *report)
{
    struct report_port *port = report_sample_port(report, "127.0.0.1:5432", VERDICT_REUSABLE, CAUSE_TIME_WAIT);
    port->expected = EXPECTED_LISTENING;
    port->states[SOCK_TIME_WAIT] = 1;
    port->longest_time_wait_ms = 30000;
    port->verdict.plain = (struct frees){FREES_AFTER, 32.004};
    port->verdict.reuseaddr = (struct frees){FREES_AFTER, 0};
    struct holder *holder = report_sample_holder(port, SOCK_TIME_WAIT, "127.0.0.1", 1);
    holder->minisocket = true;
    holder->longest_remaining_ms = 30000;
    holder->remote = report_sample_address("127.0.0.1");
    holder->remote_port = 40100;
}

static void add_application(struct report *report)
{
    struct report_port *port = report_sample_port(report, "8080", VERDICT_HELD, CAUSE_TIME_WAIT);
    port->states[SOCK_TIME_WAIT] = 3;
    port->longest_time_wait_ms = 41700;
    port->entered_known = true;
    port->time_wait_entered_total = 17;
    port->verdict.plain = (struct frees){FREES_AFTER, 43.7};
    port->verdict.reuseaddr = (struct frees){FREES_AFTER, 43.7};
    report_sample_explain(port, "Three connections are in TIME_WAIT.");
    report_sample_bind(port, "0.0.0.0", false, EADDRINUSE);
    report_sample_bind(port, "0.0.0.0", true, EADDRINUSE);
    struct holder *holder = report_sample_holder(port, SOCK_TIME_WAIT, "::ffff:127.0.0.1", 3);
    holder->direction = DIRECTION_INBOUND;
    holder->minisocket = true;
    holder->longest_remaining_ms = 41700;
    holder->remote = report_sample_address("::ffff:127.0.0.1");
    holder->remote_port = 51644;
    struct owner *owner = report_sample_owner(holder, "python3", 4127);
    (void)snprintf(owner->unit, sizeof(owner->unit), "app.service");
    owner->alive = false;
    owner->last_seen_ns = REPORT_SAMPLE_TAKEN_NS - 8 * CLOCK_NS_PER_S;

    struct report_counts *counts = report_sample_counts(report, PROTOCOL_TCP, 8080, NULL);
    counts->states[SOCK_TIME_WAIT] = 3;
    counts->longest_time_wait_ms = 41700;
}

static void add_outgoing(struct report *report)
{
    struct report_port *port = report_sample_port(report, "33333", VERDICT_HELD, CAUSE_OUTGOING);
    port->in_ephemeral_range = true;
    port->states[SOCK_ESTABLISHED] = 1;
    port->verdict.plain.kind = FREES_NEVER;
    struct holder *holder = report_sample_holder(port, SOCK_ESTABLISHED, "10.0.0.9", 1);
    holder->direction = DIRECTION_OUTBOUND;
    holder->remote = report_sample_address("10.0.0.5");
    holder->remote_port = 5432;
    struct owner *owner = report_sample_owner(holder, "java", 2210);
    (void)snprintf(owner->unit, sizeof(owner->unit), "billing.service");
}

static void add_resolver(struct report *report)
{
    struct report_port *port = report_sample_port(report, "53/udp", VERDICT_HELD, CAUSE_BOUND);
    port->states[SOCK_CLOSE] = 1;
    port->verdict.plain.kind = FREES_NEVER;
    struct holder *holder = report_sample_holder(port, SOCK_CLOSE, "::", 1);
    (void)report_sample_owner(holder, "dnsmasq", 640);
    report_sample_counts(report, PROTOCOL_UDP, 53, NULL)->states[SOCK_CLOSE] = 1;
}

struct report *report_sample_host(void)
{
    struct report *report = report_sample_new();
    add_sshd(report);
    add_database(report);
    add_application(report);
    struct report_port *free_port = report_sample_port(report, "9000", VERDICT_FREE, CAUSE_NONE);
    free_port->expected = EXPECTED_FREE;
    free_port->verdict.plain.kind = FREES_AFTER;
    free_port->verdict.reuseaddr.kind = FREES_AFTER;
    add_outgoing(report);
    report_sample_counts(report, PROTOCOL_TCP, 0, "ephemeral")->states[SOCK_ESTABLISHED] = 40;
    (void)report_sample_counts(report, PROTOCOL_TCP, 0, "other");
    add_resolver(report);
    (void)report_sample_counts(report, PROTOCOL_UDP, 0, "ephemeral");
    (void)report_sample_counts(report, PROTOCOL_UDP, 0, "other");
    return report;
}
