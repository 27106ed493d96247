#include "judge/explain.h"

#include <errno.h>

#include "base/buf.h"

#define EXPLANATION_MAX 2048

static const struct holder *first_in_state(const struct verdict *verdict, enum sock_state state)
{
    for (size_t i = 0; i < verdict->holder_count; i++)
        if (verdict->holders[i].state == state)
            return &verdict->holders[i];
    return NULL;
}

static bool some_bind_failed_with(const struct verdict *verdict, bool reuseaddr, int error)
{
    for (size_t i = 0; i < verdict->bind_count; i++)
        if (verdict->binds[i].reuseaddr == reuseaddr && verdict->binds[i].error == error)
            return true;
    return false;
}

static void say_local(struct buf *buf, const struct verdict *verdict, const struct holder *holder)
{
    struct endpoint endpoint = {
        .protocol = verdict->endpoint.protocol,
        .address = address_unmapped(&holder->local),
        .port = verdict->endpoint.port,
    };
    char text[ENDPOINT_TEXT_MAX];
    endpoint_format(&endpoint, text);
    buf_add_text(buf, text);
}

/* "10.0.0.5:5432" */
static void say_remote(struct buf *buf, const struct holder *holder)
{
    struct address remote = address_unmapped(&holder->remote);
    char text[ADDRESS_TEXT_MAX];
    address_format(&remote, text);
    buf_printf(buf, remote.family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", text, holder->remote_port);
}

static const char *plural(uint64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

/* Of a server that runs: what its next start will meet. */
static void explain_restart(const struct verdict *verdict, struct buf *buf)
{
    enum restart restart = RESTART_UNKNOWN;
    (void)verdict_restart(verdict, &restart);
    if (restart == RESTART_UNSAFE)
        buf_add_text(buf, " It has set neither SO_REUSEADDR nor SO_REUSEPORT: this server will fail to restart for up "
                          "to 60 s if it closes connections first, as it does when it ends while some are open.");
    if (restart == RESTART_REFUSED)
        buf_add_text(buf, " Whether it can be restarted while its connections end is not known: to read the options "
                          "of its socket takes CAP_SYS_PTRACE.");
}

static void explain_listener(const struct verdict *verdict, struct buf *buf)
{
    const struct holder *listener = first_in_state(verdict, SOCK_LISTEN);
    struct address local = address_unmapped(&listener->local);
    buf_add_text(buf, "A server is listening on ");
    say_local(buf, verdict, listener);
    buf_add_text(buf,
                 ". A listening socket holds off a plain bind and one with SO_REUSEADDR alike; waiting does not help "
                 "while it lives.");
    if (local.family == FAMILY_IPV6 && listener->v6only == V6ONLY_NO && address_is_wildcard(&local))
        buf_add_text(buf,
                     " It is an IPv6 socket that serves IPv4 as well: a look at IPv4 sockets alone does not show it.");
    else if (address_is_wildcard(&local) && !verdict->endpoint.any_address &&
             !address_is_wildcard(&verdict->endpoint.address))
        buf_add_text(buf, " It listens on every address, this one included.");
    if (listener->reuseport == SOCKOPT_ON)
        buf_printf(
            buf,
            " It has set SO_REUSEPORT: a server of the same user (uid %u) that sets it, too, gets in beside it, and "
            "shares its connections.",
            listener->uid);
    if (listener->reuseport == SOCKOPT_OFF)
        buf_add_text(buf, " It has not set SO_REUSEPORT, so that option does not let a second one in, either.");
    explain_restart(verdict, buf);
}

static void explain_bound(const struct verdict *verdict, struct buf *buf)
{
    if (verdict->endpoint.protocol == PROTOCOL_UDP) {
        buf_add_text(buf,
                     "A UDP socket is bound to the port. UDP has no states that end by themselves: the port is free "
                     "when the socket is closed.");
        return;
    }
    buf_add_text(buf,
                 "A socket is bound to the port and does not listen, as that of a server that is just starting. Most "
                 "tools do not show such sockets. Waiting does not help while it stays open.");
    if (verdict->kind == VERDICT_REUSABLE)
        buf_add_text(buf, " It has set SO_REUSEADDR, so a bind that sets it, too, works now.");
}

static void explain_outgoing(const struct verdict *verdict, struct buf *buf)
{
    const struct holder *holder = &verdict->holders[0];
    buf_add_text(buf, holder->direction == DIRECTION_OUTBOUND ? "An outgoing connection to "
                                                              : "A connection, by its port an outgoing one, to ");
    say_remote(buf, holder);
    if (holder->owner_count > 0)
        buf_printf(buf, ", opened by %s (%d),", holder->owners[0].process, (int)holder->owners[0].pid);
    buf_add_text(buf,
                 " uses the port as its source port. connect() picks source ports from ip_local_port_range; a port "
                 "that a server needs belongs into ip_local_reserved_ports.");
    if (verdict->kind == VERDICT_REUSABLE)
        buf_add_text(buf, " It has set SO_REUSEADDR, so a bind that sets it, too, works now.");
}

static bool is_open(const struct holder *holder)
{
    return holder->state == SOCK_ESTABLISHED || holder->state == SOCK_CLOSE_WAIT || holder->state == SOCK_SYN_RECV;
}

static void explain_connected(const struct verdict *verdict, struct buf *buf)
{
    uint64_t count = 0;
    bool all_inbound = true;
    for (size_t i = 0; i < verdict->holder_count; i++) {
        if (!is_open(&verdict->holders[i]))
            continue;
        count += verdict->holders[i].count;
        all_inbound = all_inbound && verdict->holders[i].direction == DIRECTION_INBOUND;
    }
    buf_printf(buf, "No server listens here%s, but %llu %s still open. ", all_inbound ? " any more" : "",
               (unsigned long long)count, plural(count, "connection on the port is", "connections on the port are"));
    buf_add_text(buf, verdict->kind == VERDICT_REUSABLE
                          ? "Their socket had set SO_REUSEADDR, so a bind that sets it, too, works now."
                          : "A plain bind has to wait until they are closed, however long that takes.");
}

static void explain_closing(const struct verdict *verdict, struct buf *buf)
{
    buf_add_text(buf,
                 "Connections on the port are half closed: our side is done, the last word of the peer is missing.");
    if (verdict->may_extend)
        buf_add_text(buf, " A timer ends them, but a late FIN turns each into a TIME_WAIT, which starts anew.");
    if (verdict->kind == VERDICT_REUSABLE)
        buf_add_text(buf, " Their socket had set SO_REUSEADDR, so a bind that sets it, too, works now.");
}

/* Who left the TIME_WAITs, as far as they all agree. */
static const char *who_left(const struct verdict *verdict)
{
    enum direction direction = first_in_state(verdict, SOCK_TIME_WAIT)->direction;
    for (size_t i = 0; i < verdict->holder_count; i++)
        if (verdict->holders[i].direction != direction)
            direction = DIRECTION_UNKNOWN;
    switch (direction) {
    case DIRECTION_OUTBOUND:
        return "the client that opened these connections";
    case DIRECTION_INBOUND:
        return "the server that closed these connections";
    case DIRECTION_UNKNOWN:
        return "the socket that left them";
    }
    return "the socket that left them";
}

static void explain_time_wait(const struct verdict *verdict, struct buf *buf)
{
    if (verdict->kind == VERDICT_REUSABLE)
        buf_add_text(buf, "Only TIME_WAIT sockets are left, of connections whose socket had set SO_REUSEADDR: a bind "
                          "that sets it, too, works now, a plain one when they are gone.");
    else if (some_bind_failed_with(verdict, true, EADDRINUSE))
        buf_printf(buf,
                   "Only TIME_WAIT sockets are left, and %s had not set SO_REUSEADDR. On Linux the old and the new "
                   "socket must both have it, so setting it now does not help until these are gone.",
                   who_left(verdict));
    else
        buf_add_text(buf, "TIME_WAIT sockets are left on the port: they hold off a plain bind until they are gone. "
                          "Whether they hold off one with SO_REUSEADDR is not known.");
}

static void explain_address(const struct verdict *verdict, struct buf *buf)
{
    if (some_bind_failed_with(verdict, false, EAFNOSUPPORT))
        buf_add_text(buf, "This kernel does not have the family of the address, so nothing can bind it here.");
    else
        buf_add_text(buf,
                     "The address does not belong to this network namespace: only a socket with IP_FREEBIND can bind "
                     "it here.");
}

static void explain_unseen(const struct verdict *verdict, struct buf *buf)
{
    buf_add_text(buf, "The kernel refuses the bind, and its socket table shows no socket that could be why: ");
    buf_add_text(buf, verdict->source.kind == SOURCE_NETLINK
                          ? "before Linux 6.8 a socket that is bound and does not listen is hidden."
                          : "in /proc/net a socket that is bound and does not listen is hidden.");
}

/* Where the verdict rests on less than usual. */
static void explain_source(const struct verdict *verdict, struct buf *buf)
{
    if (verdict->source.kind == SOURCE_NETLINK)
        return;
    char reason[SOURCE_REASON_MAX];
    source_reason(&verdict->source, reason);
    buf_printf(buf, " The sockets were read from /proc/net, because %s", reason);
    buf_add_text(buf, verdict->endpoint.protocol == PROTOCOL_UDP
                          ? "."
                          : ": it shows neither sockets that are bound and do not listen nor who opened a connection, "
                            "and its times are rounded up to 10 ms.");
}

static void explain_cause(const struct verdict *verdict, struct buf *buf)
{
    switch (verdict->cause) {
    case CAUSE_DENIED:
        buf_add_text(buf,
                     "A policy of this system (cgroup BPF or a security module) refuses the bind, whoever holds the "
                     "port.");
        return;
    case CAUSE_ADDRESS:
        explain_address(verdict, buf);
        return;
    case CAUSE_PRIVILEGED:
        buf_add_text(buf, "The port is below ip_unprivileged_port_start, and who asked lacks CAP_NET_BIND_SERVICE. The "
                          "socket table shows nobody on it.");
        return;
    case CAUSE_LISTENER:
        explain_listener(verdict, buf);
        return;
    case CAUSE_BOUND:
        explain_bound(verdict, buf);
        return;
    case CAUSE_OUTGOING:
        explain_outgoing(verdict, buf);
        return;
    case CAUSE_CONNECTED:
        explain_connected(verdict, buf);
        return;
    case CAUSE_CLOSING:
        explain_closing(verdict, buf);
        return;
    case CAUSE_TIME_WAIT:
        explain_time_wait(verdict, buf);
        return;
    case CAUSE_UNSEEN:
        explain_unseen(verdict, buf);
        return;
    case CAUSE_NONE:
        buf_add_text(buf, "Nothing holds the port: a plain bind works.");
        return;
    case CAUSE_UNKNOWN:
        buf_add_text(buf, "The socket table alone does not decide it, and no test-bind did.");
        return;
    }
}

int explain(struct verdict *verdict)
{
    struct buf buf;
    buf_init(&buf, EXPLANATION_MAX);
    explain_cause(verdict, &buf);
    if (verdict->cause > CAUSE_PRIVILEGED && some_bind_failed_with(verdict, false, EACCES))
        buf_add_text(&buf, " The port is also below ip_unprivileged_port_start, and who asked lacks "
                           "CAP_NET_BIND_SERVICE.");
    if (verdict->contradiction && verdict->cause != CAUSE_UNSEEN)
        buf_add_text(&buf,
                     " The test-bind and the socket table disagree, even after a second look; the bind is believed.");
    explain_source(verdict, &buf);
    char *text;
    size_t length;
    int r = buf_steal(&buf, &text, &length);
    buf_done(&buf);
    if (r < 0)
        return r;
    free(verdict->explanation);
    verdict->explanation = text;
    return 0;
}
