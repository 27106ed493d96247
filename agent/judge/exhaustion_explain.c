#include "base/buf.h"
#include "exhaustion_remedies.h"
#include "judge/exhaustion.h"

#define EXPLANATION_MAX 2048
#define TIME_WAIT_S 60

static void say_rate(const struct exhaustion *exhaustion, struct buf *buf)
{
    const struct report_destination *row = &exhaustion->destination;
    double entered = row->counts.entered_per_second;
    if (entered < 1 || row->counts.reusable > 0)
        return;
    buf_printf(buf, " About %.0f more enter it every second, %.0f in 60 s: %u ports bear %u a second.", entered,
               entered * TIME_WAIT_S, row->usable - row->counts.live, (row->usable - row->counts.live) / TIME_WAIT_S);
}

static void say_filler(const struct exhaustion *exhaustion, struct buf *buf)
{
    switch (exhaustion->filler) {
    case EXHAUSTION_BY_LIVE:
        buf_add_text(buf, " Most are held by connections that are open: each keeps its port until it is closed.");
        return;
    case EXHAUSTION_BY_TIME_WAIT:
        buf_add_text(buf, " Most are in TIME_WAIT: the side that closes a connection first keeps its port for 60 s.");
        say_rate(exhaustion, buf);
        if (exhaustion->open == 0)
            buf_add_text(buf, " Who opened them is not known: none is open now, and a TIME_WAIT has no owner.");
        return;
    case EXHAUSTION_BY_BIND:
        buf_add_text(buf, " Most were chosen by bind(), for listeners or for connections: that keeps them from every "
                          "connect().");
        return;
    }
}

static void explain_tcp(const struct exhaustion *exhaustion, struct buf *buf)
{
    const struct exhaustion_account *account = &exhaustion->account;
    buf_add_text(buf, "connect() needs a source port that nothing uses towards the same address and port.");
    buf_printf(buf,
               " %s it fails with EADDRNOTAVAIL, \"cannot assign requested address\" (errno 99), or where bind() picks "
               "the port with EADDRINUSE (errno 98).",
               exhaustion->kind == EXHAUSTION_FULL ? "None is left, so" : "When none is left,");
    say_filler(exhaustion, buf);
    if (exhaustion->kind == EXHAUSTION_FULL && account->size > account->reserved + account->bound)
        buf_add_text(buf, " Other destinations can still be reached.");
}

static void explain_udp(const struct exhaustion *exhaustion, struct buf *buf)
{
    buf_printf(buf,
               "A UDP socket takes its port for every destination at once, until it is closed. %s bind() to port 0 "
               "fails with EADDRINUSE (errno 98), connect() and sendto() fail with EAGAIN, \"resource temporarily "
               "unavailable\" (errno 11).",
               exhaustion->kind == EXHAUSTION_FULL ? "None is left, so" : "When none is left,");
}

/* What else gives the error. */
static void explain_far(const struct exhaustion *exhaustion, struct buf *buf)
{
    buf_add_text(
        buf, "connect() finds a source port. EADDRNOTAVAIL, \"cannot assign requested address\" (errno 99), comes from "
             "bind() to an address that is not local, too; and a container has ports of its own: ask inside it. "
             "EADDRINUSE (errno 98) comes from bind() to port 0, and from listen() without bind(), when every port "
             "of the range has a TCP socket, ");
    if (exhaustion->unused[PROTOCOL_TCP] > 0)
        buf_printf(buf, "but %u have none.", exhaustion->unused[PROTOCOL_TCP]);
    else
        buf_add_text(buf, "as now.");
    buf_printf(buf, " %u have no UDP socket.", exhaustion->unused[PROTOCOL_UDP]);
}

static void explain_source(const struct exhaustion *exhaustion, struct buf *buf)
{
    if (exhaustion->source.kind == SOURCE_NETLINK)
        return;
    char reason[SOURCE_REASON_MAX];
    source_reason(&exhaustion->source, reason);
    buf_printf(
        buf,
        " The sockets were read from /proc/net, because %s: TCP ports that bind() chose without listening cannot "
        "be told from others there, so that fewer may be left.",
        reason);
}

int exhaustion_explain(struct exhaustion *exhaustion, const struct kernel_settings *settings,
                       const struct port_set *services, const char *netns)
{
    struct buf buf;
    buf_init(&buf, EXPLANATION_MAX);
    if (exhaustion->kind == EXHAUSTION_FAR)
        explain_far(exhaustion, &buf);
    else if (exhaustion->destination.counts.protocol == PROTOCOL_UDP)
        explain_udp(exhaustion, &buf);
    else
        explain_tcp(exhaustion, &buf);
    explain_source(exhaustion, &buf);
    size_t length;
    int r = buf_steal(&buf, &exhaustion->explanation, &length);
    buf_done(&buf);
    return r < 0 ? r : exhaustion_remedies(exhaustion, settings, services, netns);
}
