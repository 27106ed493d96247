#include <inttypes.h>
#include <stdio.h>

#include "render/text.h"
#include "text_owner.h"
#include "text_parts.h"
#include "text_why_parts.h"
#include "view.h"

#define INDENT 2
#define OPENERS_MAX 5
/* A number with its sign. */
#define NUMBER_MAX 16
#define IN_SIGHT_S 3600

/* "10.0.0.5:5432/tcp"; "UDP" when it is about no single destination. */
static void add_subject(const struct destination *counts, struct buf *buf)
{
    struct endpoint endpoint = {
        .protocol = counts->protocol,
        .any_address = address_is_wildcard(&counts->destination),
        .address = counts->destination,
        .port = counts->port,
    };
    char text[ENDPOINT_TEXT_MAX];
    endpoint_format(&endpoint, text);
    buf_add_text(buf, counts->port != 0 ? text : counts->protocol == PROTOCOL_UDP ? "UDP" : "TCP");
}

/* The words that are the verdict. */
static void say(const struct text_style *style, enum verdict_kind kind, const char *words, struct buf *buf)
{
    char escape[32];
    (void)snprintf(escape, sizeof(escape), "%s%s", TEXT_PARTS_BOLD, text_parts_colour(kind));
    text_parts_paint(buf, style, escape, words);
}

static void say_filling(const struct report_destination *row, const struct text_style *style, struct buf *buf)
{
    double seconds = row->exhausted_in_seconds;
    bool in_sight = seconds >= 0 && seconds < IN_SIGHT_S;
    say(style, VERDICT_REUSABLE, in_sight ? "filling" : "crowded", buf);
    buf_printf(buf, ": %" PRIu32 " %% of ports taken", view_percent_taken(row));
    if (in_sight && seconds < 90)
        buf_printf(buf, ", full in about %.0f s", seconds);
    else if (in_sight)
        buf_printf(buf, ", full in about %.0f min", seconds / 60);
}

static void say_bind_fails(const struct text_style *style, struct buf *buf)
{
    buf_add_text(buf, ", but ");
    say(style, VERDICT_REUSABLE, "bind() to port 0 fails", buf);
}

static void say_not_near(const struct exhaustion *exhaustion, const char *netns, const struct text_style *style,
                         struct buf *buf)
{
    const struct report_destination *row = &exhaustion->destination;
    say(style, VERDICT_FREE, "No destination is near exhaustion", buf);
    text_parts_netns(buf, netns);
    if (exhaustion->unused[PROTOCOL_TCP] == 0) {
        say_bind_fails(style, buf);
    } else if (row->counts.live + row->counts.time_wait == 0) {
        buf_add_text(buf, ": there is no outgoing connection");
    } else {
        buf_add_text(buf, ". Fullest: ");
        add_subject(&row->counts, buf);
        buf_printf(buf, ", %" PRIu32 " %%", view_percent_taken(row));
    }
}

static void add_headline(const struct exhaustion *exhaustion, const char *netns, const struct text_style *style,
                         struct buf *buf)
{
    const struct report_destination *row = &exhaustion->destination;
    if (exhaustion->kind == EXHAUSTION_FAR && !exhaustion->asked) {
        say_not_near(exhaustion, netns, style, buf);
        return;
    }
    add_subject(&row->counts, buf);
    text_parts_netns(buf, netns);
    buf_add_text(buf, " is ");
    switch (exhaustion->kind) {
    case EXHAUSTION_FAR:
        say(style, VERDICT_FREE, "not exhausted", buf);
        if (exhaustion->unused[PROTOCOL_TCP] == 0)
            say_bind_fails(style, buf);
        else
            buf_printf(buf, ": %" PRIu32 " %% of ports taken", view_percent_taken(row));
        return;
    case EXHAUSTION_NEAR:
        say_filling(row, style, buf);
        return;
    case EXHAUSTION_FULL:
        say(style, VERDICT_HELD, "full", buf);
        buf_add_text(buf, row->counts.protocol == PROTOCOL_UDP ? ": no port is left" : ": no source port is left");
        return;
    }
}

/* "  -23444  taken by TIME_WAITs"; nothing for 0. */
static void add_entry(char sign, uint32_t count, const char *what, struct buf *buf)
{
    char number[NUMBER_MAX];
    (void)snprintf(number, sizeof(number), "%c%" PRIu32, sign, count);
    if (count > 0)
        buf_printf(buf, "%8s  %s\n", number, what);
}

static void add_head(const struct address *source, const struct text_style *style, struct buf *buf)
{
    char text[ADDRESS_TEXT_MAX];
    char head[ADDRESS_TEXT_MAX + 16];
    address_format(source, text);
    bool known = !address_is_wildcard(source);
    (void)snprintf(head, sizeof(head), "PORTS%s%s", known ? "  FROM " : "", known ? text : "");
    buf_add_text(buf, "\n   ");
    text_parts_paint(buf, style, TEXT_PARTS_DIM, head);
    buf_add_char(buf, '\n');
}

static void add_account(const struct exhaustion *exhaustion, const struct text_style *style, struct buf *buf)
{
    const struct exhaustion_account *account = &exhaustion->account;
    const struct destination *counts = &exhaustion->destination.counts;
    bool udp = counts->protocol == PROTOCOL_UDP;
    const char *live = !udp                ? "taken by live connections"
                       : counts->port != 0 ? "taken by UDP sockets towards it"
                                           : "taken by UDP sockets";
    char time_waits[64] = "taken by TIME_WAITs";
    if (counts->entered_per_second >= 1)
        (void)snprintf(time_waits, sizeof(time_waits), "taken by TIME_WAITs, about %.0f more a second",
                       counts->entered_per_second);
    add_head(&counts->source, style, buf);
    buf_printf(buf, "%8" PRIu32 "  in ip_local_port_range, %u to %u\n", account->size, exhaustion->low,
               exhaustion->high);
    add_entry('-', account->reserved, "reserved (ip_local_reserved_ports)", buf);
    add_entry('-', account->bound,
              udp ? "taken by other UDP sockets" : "chosen by bind(), and so kept from every connect()", buf);
    add_entry('-', account->live, live, buf);
    add_entry('-', account->time_wait, time_waits, buf);
    add_entry('+', account->reusable, "TIME_WAITs that connect() may take over (tcp_tw_reuse)", buf);
    buf_printf(buf, "%8" PRIu32 "  left\n", account->left);
}

static void add_openers(const struct exhaustion *exhaustion, const struct text_style *style, struct buf *buf)
{
    uint32_t rest = exhaustion->open;
    if (rest == 0)
        return;
    buf_add_text(buf, "\n    ");
    text_parts_paint(buf, style, TEXT_PARTS_DIM, "OPEN  BY");
    buf_add_char(buf, '\n');
    for (size_t i = 0; i < exhaustion->opener_count && i < OPENERS_MAX; i++) {
        const struct exhaustion_opener *opener = &exhaustion->openers[i];
        buf_printf(buf, "%8" PRIu32 "  ", opener->sockets);
        text_owner_add_one(&opener->owner, opener->several, buf);
        buf_add_char(buf, '\n');
        rest = rest > opener->sockets ? rest - opener->sockets : 0;
    }
    if (rest > 0)
        buf_printf(buf, "%8" PRIu32 "  %s\n", rest, exhaustion->opener_count > OPENERS_MAX ? "others" : "-");
}

void text_exhaustion(const struct exhaustion *exhaustion, const char *netns, const char *missing,
                     const struct text_style *style, struct buf *buf)
{
    add_headline(exhaustion, netns, style, buf);
    buf_add_char(buf, '\n');
    add_account(exhaustion, style, buf);
    add_openers(exhaustion, style, buf);
    if (missing != NULL) {
        text_parts_spaces(buf, INDENT);
        text_parts_wrap(buf, missing, INDENT, INDENT);
        buf_add_char(buf, '\n');
    }
    text_why_explanation(exhaustion->explanation, style, buf);
    text_why_remedies(exhaustion->remedies, exhaustion->remedy_count, style, buf);
}
