#include "page_row.h"

#include <inttypes.h>

#include "html.h"
#include "text_owner.h"
#include "text_parts.h"
#include "view.h"

#define CELL_MAX 4096
#define NOTHING "–"

/* As in page/format.js. */
static const char *cause_words(const struct verdict *verdict)
{
    bool udp = verdict->endpoint.protocol == PROTOCOL_UDP;
    switch (verdict->cause) {
    case CAUSE_DENIED:
        return "denied by policy";
    case CAUSE_ADDRESS:
        return "not an address of this host";
    case CAUSE_PRIVILEGED:
        return "needs a privilege";
    case CAUSE_LISTENER:
        return "listener";
    case CAUSE_BOUND:
        return udp ? "bound" : "bound, not listening";
    case CAUSE_OUTGOING:
        return "outgoing connection";
    case CAUSE_CONNECTED:
        return "open connections";
    case CAUSE_CLOSING:
        return "closing connections";
    case CAUSE_TIME_WAIT:
        return "TIME_WAIT";
    case CAUSE_UNSEEN:
        return "held by nothing that is shown";
    case CAUSE_NONE:
        return "";
    case CAUSE_UNKNOWN:
        return "not known";
    }
    return "";
}

/* What was expected, and is not so. */
static const char *expectation_words(const struct report_port *port)
{
    if (standing_is_as_expected(port))
        return "";
    return port->expected == EXPECTED_LISTENING ? "listener expected" : "expected free";
}

static void add_verdict(const struct report_port *port, struct buf *buf)
{
    const char *cause = cause_words(&port->verdict);
    const char *expectation = expectation_words(port);
    const char *between = cause[0] != '\0' && expectation[0] != '\0' ? ", " : "";
    buf_printf(buf, "<td><span class=\"chip\" data-standing=\"%s\">%s</span> <span class=\"cause\">%s%s%s</span></td>",
               standing_name(standing_of(port)), verdict_kind_name(port->verdict.kind), cause, between, expectation);
}

static void add_left(const struct verdict *verdict, struct buf *buf)
{
    buf_add_text(buf, "<td class=\"left\">");
    if (verdict->kind == VERDICT_FREE)
        buf_add_text(buf, "now");
    else if (verdict->plain.kind == FREES_AFTER && verdict->plain.seconds > 0)
        text_parts_seconds(buf, view_milliseconds(verdict->plain.seconds));
    else
        buf_add_text(buf, NOTHING);
    buf_add_text(buf, "</td>");
}

static void add_owner(const struct verdict *verdict, struct buf *buf)
{
    cleanup(buf_done) struct buf owner;
    buf_init(&owner, CELL_MAX);
    text_owner_add(verdict, &owner);
    bool none = owner.failure == 0 && strcmp(owner.data, "-") == 0;
    buf_add_text(buf, none ? "<td class=\"owner\" data-none>" : "<td class=\"owner\">");
    if (owner.failure != 0)
        buf->failure = owner.failure;
    else
        html_add(buf, none ? NOTHING : owner.data);
    buf_add_text(buf, "</td>");
}

static void add_count(const struct report_port *port, enum sock_state state, const char *class, struct buf *buf)
{
    buf_printf(buf, "<td class=\"number %s\">", class);
    if (port->verdict.endpoint.protocol == PROTOCOL_TCP)
        buf_printf(buf, "%" PRIu64, port->states[state]);
    else
        buf_add_text(buf, NOTHING);
    buf_add_text(buf, "</td>");
}

static void add_queue(const struct verdict *verdict, struct buf *buf)
{
    const struct holder *listener = verdict_accept_queue(verdict);
    buf_add_text(buf, "<td class=\"number queue\">");
    if (listener == NULL)
        buf_add_text(buf, NOTHING);
    else if (listener->queue_limit == SOCK_QUEUE_LIMIT_UNKNOWN)
        buf_printf(buf, "%" PRIu32, listener->queue_length);
    else
        buf_printf(buf, "%" PRIu32 "/%" PRIu32, listener->queue_length, listener->queue_limit);
    buf_add_text(buf, "</td>");
}

static const char *restart_words(const struct verdict *verdict)
{
    enum restart restart;
    if (!verdict_restart(verdict, &restart))
        return NOTHING;
    switch (restart) {
    case RESTART_UNKNOWN:
    case RESTART_REFUSED:
        return "not known";
    case RESTART_UNSAFE:
        return "unsafe";
    case RESTART_SAFE:
        return "safe";
    }
    return NOTHING;
}

void page_row_add(const struct report_port *port, const char *netns, struct buf *buf)
{
    const struct verdict *verdict = &port->verdict;
    char name[ENDPOINT_TEXT_MAX];
    endpoint_format(&verdict->endpoint, name);
    buf_printf(buf, "<tr><th scope=\"row\">%s", name);
    if (netns[0] != '\0') {
        buf_add_text(buf, " <span class=\"netns\">");
        html_add(buf, netns);
        buf_add_text(buf, "</span>");
    }
    buf_add_text(buf, "</th>");
    add_verdict(port, buf);
    add_left(verdict, buf);
    add_owner(verdict, buf);
    add_count(port, SOCK_ESTABLISHED, "established", buf);
    add_count(port, SOCK_TIME_WAIT, "waiting", buf);
    add_queue(verdict, buf);
    buf_printf(buf, "<td class=\"restart\">%s</td></tr>\n", restart_words(verdict));
}
