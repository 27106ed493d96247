#include <inttypes.h>
#include <string.h>

#include "terminal.h"
#include "text_owner.h"
#include "text_parts.h"
#include "text_why_parts.h"
#include "view.h"

#define CELL_MAX 4096
#define INDENT 2
#define COLUMN_GAP 3
/* Those that decide stand first; who wants more of a crowded port asks for JSON. */
#define ROWS_MAX 12

/* As `ss` and the RFC call them. */
static const char *state_name(enum protocol protocol, enum sock_state state)
{
    static const char *const names[SOCK_STATE_COUNT] = {
        "ESTABLISHED", "SYN_SENT",   "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT",
        "CLOSE",       "CLOSE_WAIT", "LAST_ACK", "LISTEN",    "CLOSING",   "BOUND",
    };
    return protocol == PROTOCOL_UDP && state == SOCK_CLOSE ? "BOUND" : names[state];
}

static void add_held_by(const struct verdict *verdict, const struct holder *holder, struct buf *cell)
{
    buf_printf(cell, "%" PRIu64 " %s", holder->count, state_name(verdict->endpoint.protocol, holder->state));
}

static void add_local(const struct verdict *verdict, const struct holder *holder, struct buf *cell)
{
    char text[VIEW_PEER_MAX];
    view_local(holder, verdict->endpoint.port, text);
    buf_add_text(cell, text);
    if (holder->interface != 0)
        buf_printf(cell, " (interface %" PRIu32 ")", holder->interface);
}

static void add_peer(const struct verdict *verdict, const struct holder *holder, struct buf *cell)
{
    (void)verdict;
    if (holder->remote_port == 0) {
        buf_add_char(cell, '-');
        return;
    }
    char text[VIEW_PEER_MAX];
    view_peer(&holder->remote, holder->remote_port, text);
    buf_add_text(cell, text);
    if (holder->count > 1)
        buf_printf(cell, " and %" PRIu64, holder->count - 1);
}

static void add_left(const struct verdict *verdict, const struct holder *holder, struct buf *cell)
{
    (void)verdict;
    if (holder->minisocket)
        text_parts_seconds(cell, holder->longest_remaining_ms);
    else
        buf_add_char(cell, '-');
}

static void add_owner(const struct verdict *verdict, const struct holder *holder, struct buf *cell)
{
    (void)verdict;
    text_owner_add_sharers(holder, cell);
}

enum column { COLUMN_HELD_BY, COLUMN_LOCAL, COLUMN_PEER, COLUMN_LEFT, COLUMN_OWNER };
#define COLUMN_COUNT 5

static const struct {
    const char *title;
    const char *prefix; /* on a line of its own */
    bool optional;      /* left out when no row has anything to say */
    void (*add)(const struct verdict *verdict, const struct holder *holder, struct buf *cell);
} columns[COLUMN_COUNT] = {
    [COLUMN_HELD_BY] = {"HELD BY", .add = add_held_by},
    [COLUMN_LOCAL] = {"LOCAL", .add = add_local},
    [COLUMN_PEER] = {"PEER", .prefix = "peer: ", .optional = true, .add = add_peer},
    [COLUMN_LEFT] = {"LEFT", .optional = true, .add = add_left},
    [COLUMN_OWNER] = {"OWNER", .prefix = "owner: ", .add = add_owner},
};

/* Where the cells of a column go. */
enum place { PLACE_IN_ROW, PLACE_BELOW, PLACE_NOWHERE };

struct layout {
    const struct verdict *verdict;
    size_t row_count;
    enum place places[COLUMN_COUNT];
    size_t widths[COLUMN_COUNT];
};

static bool is_empty(const struct buf *cell)
{
    return cell->length == 1 && cell->data[0] == '-';
}

/* A width that was measured on half a cell would be less than the cell's own. */
static void measure(struct layout *layout, enum column column, struct buf *buf)
{
    bool empty = columns[column].optional;
    layout->widths[column] = strlen(columns[column].title);
    for (size_t i = 0; i < layout->row_count; i++) {
        cleanup(buf_done) struct buf cell;
        buf_init(&cell, CELL_MAX);
        columns[column].add(layout->verdict, &layout->verdict->holders[i], &cell);
        buf_fail(buf, cell.failure);
        size_t width = terminal_width(cell.data, cell.length);
        if (width > layout->widths[column])
            layout->widths[column] = width;
        empty = empty && is_empty(&cell);
    }
    layout->places[column] = empty ? PLACE_NOWHERE : PLACE_IN_ROW;
}

static size_t row_width(const struct layout *layout)
{
    size_t width = INDENT;
    for (enum column column = COLUMN_HELD_BY; column < COLUMN_COUNT; column++)
        if (layout->places[column] == PLACE_IN_ROW)
            width += layout->widths[column] + (column > 0 ? COLUMN_GAP : 0);
    return width;
}

static void lay_out(const struct verdict *verdict, struct buf *buf, struct layout *ret_layout)
{
    *ret_layout = (struct layout){
        .verdict = verdict,
        .row_count = verdict->holder_count < ROWS_MAX ? verdict->holder_count : ROWS_MAX,
    };
    for (enum column column = COLUMN_HELD_BY; column < COLUMN_COUNT; column++)
        measure(ret_layout, column, buf);
    if (row_width(ret_layout) > TEXT_PARTS_COLUMNS)
        ret_layout->places[COLUMN_OWNER] = PLACE_BELOW;
    if (row_width(ret_layout) > TEXT_PARTS_COLUMNS && ret_layout->places[COLUMN_PEER] == PLACE_IN_ROW)
        ret_layout->places[COLUMN_PEER] = PLACE_BELOW;
}

static void add_below(const struct layout *layout, enum column column, const struct buf *cell, struct buf *buf)
{
    if (is_empty(cell))
        return;
    size_t indent = INDENT + layout->widths[COLUMN_HELD_BY] + COLUMN_GAP;
    size_t text_indent = indent + strlen(columns[column].prefix);
    text_parts_spaces(buf, indent);
    buf_add_text(buf, columns[column].prefix);
    text_parts_wrap(buf, cell->data, text_indent, text_indent);
    buf_add_char(buf, '\n');
}

/* The row itself, or what goes below it. */
static void add_cells(const struct layout *layout, const struct holder *holder, enum place place, struct buf *buf)
{
    size_t padding = INDENT;
    for (enum column column = COLUMN_HELD_BY; column < COLUMN_COUNT; column++) {
        if (layout->places[column] != place)
            continue;
        cleanup(buf_done) struct buf cell;
        buf_init(&cell, CELL_MAX);
        columns[column].add(layout->verdict, holder, &cell);
        buf_fail(buf, cell.failure);
        if (buf->failure != 0)
            return;
        if (place == PLACE_BELOW) {
            add_below(layout, column, &cell, buf);
            continue;
        }
        text_parts_spaces(buf, padding);
        buf_add(buf, cell.data, cell.length);
        padding = COLUMN_GAP + layout->widths[column] - terminal_width(cell.data, cell.length);
    }
}

static void add_head(const struct layout *layout, const struct text_style *style, struct buf *buf)
{
    size_t padding = INDENT;
    for (enum column column = COLUMN_HELD_BY; column < COLUMN_COUNT; column++) {
        if (layout->places[column] != PLACE_IN_ROW)
            continue;
        text_parts_spaces(buf, padding);
        text_parts_paint(buf, style, TEXT_PARTS_DIM, columns[column].title);
        padding = COLUMN_GAP + layout->widths[column] - strlen(columns[column].title);
    }
    buf_add_char(buf, '\n');
}

void text_why_holders(const struct verdict *verdict, const struct text_style *style, struct buf *buf)
{
    if (verdict->holder_count == 0)
        return;
    struct layout layout;
    lay_out(verdict, buf, &layout);
    buf_add_char(buf, '\n');
    add_head(&layout, style, buf);
    for (size_t i = 0; i < layout.row_count; i++) {
        add_cells(&layout, &verdict->holders[i], PLACE_IN_ROW, buf);
        buf_add_char(buf, '\n');
        add_cells(&layout, &verdict->holders[i], PLACE_BELOW, buf);
    }
    if (layout.row_count < verdict->holder_count)
        buf_printf(buf, "  and %zu more kinds of sockets: --json lists them all\n",
                   verdict->holder_count - layout.row_count);
}
