#include "render/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "terminal.h"
#include "text_destinations.h"
#include "text_owner.h"
#include "text_parts.h"
#include "view.h"

#define CELL_MAX 4096

static void add_port(const struct report_port *port, struct buf *cell)
{
    char text[ENDPOINT_TEXT_MAX];
    endpoint_format(&port->verdict.endpoint, text);
    buf_add_text(cell, text);
}

static void add_verdict(const struct report_port *port, struct buf *cell)
{
    buf_add_text(cell, verdict_kind_name(port->verdict.kind));
}

static void add_destination(const struct verdict *verdict, struct buf *cell)
{
    const struct holder *example = NULL;
    uint64_t connections = 0;
    for (size_t i = 0; i < verdict->holder_count; i++) {
        const struct holder *holder = &verdict->holders[i];
        if (holder->direction != DIRECTION_OUTBOUND || holder->minisocket || holder->remote_port == 0)
            continue;
        if (example == NULL)
            example = holder;
        connections += holder->count;
    }
    if (example == NULL)
        return;
    char peer[VIEW_PEER_MAX];
    view_peer(&example->remote, example->remote_port, peer);
    buf_printf(cell, " to %s", peer);
    if (connections > 1)
        buf_printf(cell, " and %" PRIu64 " more", connections - 1);
}

static void add_why(const struct report_port *port, struct buf *cell)
{
    const struct verdict *verdict = &port->verdict;
    if (verdict->cause == CAUSE_NONE || verdict->cause == CAUSE_UNKNOWN) {
        buf_add_char(cell, verdict->cause == CAUSE_NONE ? '-' : '?');
        return;
    }
    buf_add_text(cell, cause_name(verdict->cause));
    if (verdict->cause == CAUSE_OUTGOING)
        add_destination(verdict, cell);
    if (verdict->plain.kind == FREES_AFTER && verdict->plain.seconds > 0) {
        buf_add_text(cell, ", free in ");
        text_parts_seconds(cell, view_milliseconds(verdict->plain.seconds));
    }
}

static void add_count(const struct report_port *port, enum sock_state state, struct buf *cell)
{
    if (port->verdict.endpoint.protocol == PROTOCOL_TCP)
        buf_printf(cell, "%" PRIu64, port->states[state]);
    else
        buf_add_char(cell, '-');
}

static void add_established(const struct report_port *port, struct buf *cell)
{
    add_count(port, SOCK_ESTABLISHED, cell);
}

static void add_time_wait(const struct report_port *port, struct buf *cell)
{
    add_count(port, SOCK_TIME_WAIT, cell);
}

static void add_left(const struct report_port *port, struct buf *cell)
{
    if (port->states[SOCK_TIME_WAIT] > 0)
        text_parts_seconds(cell, port->longest_time_wait_ms);
    else
        buf_add_char(cell, '-');
}

static void add_queue(const struct report_port *port, struct buf *cell)
{
    const struct holder *listener = verdict_accept_queue(&port->verdict);
    if (listener != NULL && listener->queue_limit == SOCK_QUEUE_LIMIT_UNKNOWN)
        buf_printf(cell, "%" PRIu32 "/?", listener->queue_length);
    else if (listener != NULL)
        buf_printf(cell, "%" PRIu32 "/%" PRIu32, listener->queue_length, listener->queue_limit);
    else
        buf_add_char(cell, '-');
}

static const char *restart_word(enum restart restart)
{
    switch (restart) {
    case RESTART_UNKNOWN:
    case RESTART_REFUSED:
        return "unknown";
    case RESTART_UNSAFE:
        return "unsafe";
    case RESTART_SAFE:
        return "safe";
    }
    return "unknown";
}

static void add_restart(const struct report_port *port, struct buf *cell)
{
    enum restart restart;
    buf_add_text(cell, verdict_restart(&port->verdict, &restart) ? restart_word(restart) : "-");
}

static void add_owner(const struct report_port *port, struct buf *cell)
{
    text_owner_add(&port->verdict, cell);
}

static const struct column {
    const char *title;
    bool right; /* aligned to the right */
    bool coloured;
    void (*add)(const struct report_port *port, struct buf *cell);
} columns[] = {
    {"PORT", .add = add_port},
    {"VERDICT", .coloured = true, .add = add_verdict},
    {"WHY", .add = add_why},
    {"ESTAB", .right = true, .add = add_established},
    {"TIME_WAIT", .right = true, .add = add_time_wait},
    {"LEFT", .add = add_left},
    {"QUEUE", .add = add_queue},
    {"RESTART", .add = add_restart},
    {"OWNER", .add = add_owner},
};
#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))

/* A row whose port is NULL is the head. */
static void make_cell(const struct column *column, const struct report_port *port, struct buf *cell)
{
    buf_init(cell, CELL_MAX);
    if (port == NULL)
        buf_add_text(cell, column->title);
    else
        column->add(port, cell);
}

/* A width that was measured on half a cell would be less than the cell's own. */
static size_t width_of(const struct column *column, const struct report_netns *netns, struct buf *buf)
{
    size_t widest = strlen(column->title);
    for (size_t i = 0; i < netns->port_count; i++) {
        cleanup(buf_done) struct buf cell;
        make_cell(column, &netns->ports[i], &cell);
        buf_fail(buf, cell.failure);
        size_t width = terminal_width(cell.data, cell.length);
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void add_row(const struct report_port *port, const size_t widths[static COLUMN_COUNT],
                    const struct text_style *style, struct buf *buf)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        const struct column *column = &columns[i];
        bool last = i + 1 == COLUMN_COUNT;
        bool coloured = column->coloured && style->colour && port != NULL;
        cleanup(buf_done) struct buf cell;
        make_cell(column, port, &cell);
        buf_fail(buf, cell.failure);
        if (buf->failure != 0)
            return;
        size_t padding = widths[i] - terminal_width(cell.data, cell.length);
        text_parts_spaces(buf, column->right ? padding : 0);
        buf_add_text(buf, coloured ? text_parts_colour(port->verdict.kind) : "");
        buf_add(buf, cell.data, cell.length);
        buf_add_text(buf, coloured ? "\033[0m" : "");
        text_parts_spaces(buf, column->right || last ? 0 : padding);
        buf_add_text(buf, last ? "\n" : "  ");
    }
}

static void add_ports(const struct report_netns *netns, const struct text_style *style, struct buf *buf)
{
    size_t widths[COLUMN_COUNT];
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        widths[i] = width_of(&columns[i], netns, buf);
    add_row(NULL, widths, style, buf);
    for (size_t i = 0; i < netns->port_count; i++)
        add_row(&netns->ports[i], widths, style, buf);
}

static void add_source(const struct source *source, struct buf *buf)
{
    if (source->kind == SOURCE_NETLINK)
        return;
    char reason[SOURCE_REASON_MAX];
    source_reason(source, reason);
    buf_printf(buf, "\nRead from /proc/net, because %s:\nbound sockets are not shown.\n", reason);
}

void text_ports(const struct report *report, const struct text_style *style, struct buf *buf)
{
    const struct report_netns *netns = &report->netns;
    if (strcmp(netns->name, "self") != 0) {
        buf_add_text(buf, "in namespace ");
        terminal_add(buf, netns->name);
        buf_add_char(buf, '\n');
    }
    if (netns->port_count == 0)
        buf_add_text(buf, "no port has a listener\n");
    else
        add_ports(netns, style, buf);
    text_destinations(&netns->traffic, buf);
    add_source(&netns->source, buf);
}
