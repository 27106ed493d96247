#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "text_owner.h"
#include "text_parts.h"
#include "text_why_parts.h"
#include "text_why_split.h"
#include "view.h"

struct headline {
    const struct text_why *why;
    const struct text_style *style;
    struct buf *buf;
};

/* The words that are the verdict. */
static void say_verdict(const struct headline *line, enum verdict_kind kind, const char *words)
{
    char escape[32];
    (void)snprintf(escape, sizeof(escape), "%s%s", TEXT_PARTS_BOLD, text_parts_colour(kind));
    text_parts_paint(line->buf, line->style, escape, words);
}

/* "a closing connection", or "closing connections"; the TIME_WAITs beside them are another cause. */
static const char *one_or_many(const struct verdict *verdict, const char *one, const char *many)
{
    uint64_t count = 0;
    for (size_t i = 0; i < verdict->holder_count; i++)
        if (verdict->holders[i].state != SOCK_TIME_WAIT)
            count += verdict->holders[i].count;
    return count == 1 ? one : many;
}

/* What holds it, or what else is in the way; link goes between "held" and it. */
struct obstacle {
    const char *link;
    const char *what;
};

static struct obstacle obstacle_of(const struct verdict *verdict)
{
    switch (verdict->cause) {
    case CAUSE_DENIED:
        return (struct obstacle){" by ", "a policy of this system"};
    case CAUSE_ADDRESS:
        return (struct obstacle){": ", "not an address of this network namespace"};
    case CAUSE_PRIVILEGED:
        return (struct obstacle){": ", "below the first unprivileged port"};
    case CAUSE_LISTENER:
        return (struct obstacle){" by ", "a listener"};
    case CAUSE_BOUND:
        return (struct obstacle){" by ", verdict->endpoint.protocol == PROTOCOL_UDP ? "a UDP socket"
                                                                                    : "a socket that does not listen"};
    case CAUSE_OUTGOING:
        return (struct obstacle){" by ", one_or_many(verdict, "an outgoing connection", "outgoing connections")};
    case CAUSE_CONNECTED:
        return (struct obstacle){" by ", one_or_many(verdict, "a connection still open", "connections still open")};
    case CAUSE_CLOSING:
        return (struct obstacle){" by ", one_or_many(verdict, "a closing connection", "closing connections")};
    case CAUSE_TIME_WAIT:
        return (struct obstacle){" by ", "TIME_WAIT"};
    case CAUSE_UNSEEN:
        return (struct obstacle){" by ", "something not in the socket table"};
    case CAUSE_NONE:
    case CAUSE_UNKNOWN:
        break;
    }
    return (struct obstacle){": ", "bind() fails"};
}

static bool is_timed(const struct frees *frees)
{
    return frees->kind == FREES_AFTER && frees->seconds > 0;
}

static bool works_now(const struct frees *frees)
{
    return frees->kind == FREES_AFTER && !is_timed(frees);
}

/* ", at 19:04:12": the first whole second at which it is free. */
static void say_time_of_day(const struct headline *line, int64_t wait_ms)
{
    int64_t at_ns = line->why->taken_at_ns + wait_ms * CLOCK_NS_PER_MS;
    time_t seconds = (time_t)((at_ns + CLOCK_NS_PER_S - 1) / CLOCK_NS_PER_S);
    struct tm local;
    if (localtime_r(&seconds, &local) != NULL)
        buf_printf(line->buf, ", at %02d:%02d:%02d", local.tm_hour, local.tm_min, local.tm_sec);
}

/* A time that a late FIN can extend has no time of day. */
static void say_time(const struct headline *line, const struct frees *frees)
{
    int64_t wait_ms = view_milliseconds(frees->seconds);
    buf_add_text(line->buf, "free in ");
    text_parts_seconds(line->buf, wait_ms);
    if (line->why->verdict->may_extend)
        buf_add_text(line->buf, ", or later");
    else
        say_time_of_day(line, wait_ms);
}

/* Of the group that decides, when it is known: who else is there must not be blamed. */
static void say_owner(const struct headline *line)
{
    const struct verdict *verdict = line->why->verdict;
    if (verdict->holder_count == 0)
        return;
    if (verdict->holders[0].owner_count > 0) {
        buf_add_text(line->buf, ": ");
        text_owner_add(verdict, line->buf);
    } else if (verdict->cause == CAUSE_OUTGOING) {
        char peer[VIEW_PEER_MAX];
        view_peer(&verdict->holders[0].remote, verdict->holders[0].remote_port, peer);
        buf_printf(line->buf, " to %s", peer);
    }
}

static void say_on(const struct headline *line, const struct address *address)
{
    char text[ADDRESS_TEXT_MAX];
    address_format(address, text);
    buf_printf(line->buf, address->family == FAMILY_IPV6 ? " on [%s]" : " on %s", text);
}

static void say_better(const struct headline *line, const struct text_why_split *split)
{
    buf_add_text(line->buf, split->better_kind == VERDICT_REUSABLE ? ", reusable" : ", free");
    say_on(line, &split->better);
}

static void say_held(const struct headline *line)
{
    const struct verdict *verdict = line->why->verdict;
    const struct frees *frees = line->why->reuseaddr ? &verdict->reuseaddr : &verdict->plain;
    struct obstacle obstacle = obstacle_of(verdict);
    struct text_why_split split = text_why_split_of(verdict);
    buf_add_text(line->buf, " is ");
    say_verdict(line, VERDICT_HELD, "held");
    if (split.differs)
        say_on(line, &split.worse);
    buf_printf(line->buf, "%s%s", obstacle.link, obstacle.what);
    if (split.differs) {
        if (is_timed(frees)) {
            buf_add_text(line->buf, " for ");
            text_parts_seconds(line->buf, view_milliseconds(frees->seconds));
        }
        say_better(line, &split);
    } else if (is_timed(frees)) {
        buf_add_text(line->buf, ": ");
        say_time(line, frees);
    } else if (verdict->cause >= CAUSE_LISTENER && verdict->cause <= CAUSE_CONNECTED) {
        say_owner(line);
    }
}

static void say_reusable(const struct headline *line)
{
    const struct verdict *verdict = line->why->verdict;
    struct text_why_split split = text_why_split_of(verdict);
    buf_add_text(line->buf, " can be bound ");
    say_verdict(line, VERDICT_REUSABLE, "only with SO_REUSEADDR");
    if (split.differs) {
        say_on(line, &split.worse);
        say_better(line, &split);
    } else if (is_timed(&verdict->plain)) {
        buf_add_text(line->buf, ": plain ");
        say_time(line, &verdict->plain);
    } else {
        buf_printf(line->buf, ": %s", obstacle_of(verdict).what);
    }
}

/* One of the binds is known: which, and that the other is not. */
static void say_unknown(const struct headline *line)
{
    const struct verdict *verdict = line->why->verdict;
    bool plain_fails = false;
    for (size_t i = 0; i < verdict->bind_count; i++)
        plain_fails = plain_fails || (!verdict->binds[i].reuseaddr && verdict->binds[i].error != 0);
    if (works_now(&verdict->reuseaddr)) {
        buf_add_text(line->buf, " is free with SO_REUSEADDR, ");
        say_verdict(line, VERDICT_UNKNOWN, "not known");
        buf_add_text(line->buf, " for a plain bind");
    } else if (plain_fails && verdict->cause != CAUSE_PRIVILEGED) {
        buf_add_text(line->buf, " is held for a plain bind, ");
        say_verdict(line, VERDICT_UNKNOWN, "not known");
        buf_add_text(line->buf, " with SO_REUSEADDR");
    } else {
        buf_add_text(line->buf, ": ");
        say_verdict(line, VERDICT_UNKNOWN, "not known");
        buf_add_text(line->buf, " whether it can be bound");
    }
}

static void say(const struct headline *line)
{
    const struct verdict *verdict = line->why->verdict;
    if (line->why->reuseaddr && verdict->kind != VERDICT_FREE && works_now(&verdict->reuseaddr)) {
        buf_add_char(line->buf, ' ');
        say_verdict(line, VERDICT_FREE, "can be bound with SO_REUSEADDR");
        return;
    }
    switch (verdict->kind) {
    case VERDICT_FREE:
        buf_add_text(line->buf, " is ");
        say_verdict(line, VERDICT_FREE, "free");
        return;
    case VERDICT_REUSABLE:
        say_reusable(line);
        return;
    case VERDICT_HELD:
        say_held(line);
        return;
    case VERDICT_UNKNOWN:
        say_unknown(line);
        return;
    }
}

void text_why_headline(const struct text_why *why, const struct text_style *style, struct buf *buf)
{
    char text[ENDPOINT_TEXT_MAX];
    endpoint_format(&why->verdict->endpoint, text);
    buf_add_text(buf, text);
    text_parts_netns(buf, why->netns);
    say(&(struct headline){.why = why, .style = style, .buf = buf});
    buf_add_char(buf, '\n');
}
