#include "change_text.h"

#include <inttypes.h>
#include <stdio.h>

void change_text_owners(struct event *event, const char *preposition, const struct owner *owners, size_t count)
{
    if (count == 0)
        return;
    event_say(event, "%s%s (%" PRId32 ")", preposition, owners->process, owners->pid);
    if (count > 1)
        event_say(event, " and %zu more", count - 1);
    if (owners->container[0] != '\0') {
        char label[OWNER_CONTAINER_NAME_MAX];
        holder_container_label(owners, label);
        event_say(event, " in container %s", label);
    } else if (owners->unit[0] != '\0') {
        event_say(event, " in %s", owners->unit);
    }
}

void change_text_peer(struct event *event, const struct holder *holder)
{
    struct address remote = address_unmapped(&holder->remote);
    char text[ADDRESS_TEXT_MAX];
    address_format(&remote, text);
    event_say(event, remote.family == FAMILY_IPV6 ? "[%s]:%u" : "%s:%u", text, (unsigned int)holder->remote_port);
}

/* What is in the way. by: it holds the port; else it says why no bind works. */
struct obstacle {
    bool by;
    const char *what;
};

static struct obstacle obstacle_of(const struct verdict *verdict)
{
    bool udp = verdict->endpoint.protocol == PROTOCOL_UDP;
    switch (verdict->cause) {
    case CAUSE_DENIED:
        return (struct obstacle){true, "a policy of this system"};
    case CAUSE_ADDRESS:
        return (struct obstacle){false, "not an address of this network namespace"};
    case CAUSE_PRIVILEGED:
        return (struct obstacle){false, "below the first unprivileged port"};
    case CAUSE_LISTENER:
        return (struct obstacle){true, "a listener"};
    case CAUSE_BOUND:
        return (struct obstacle){true, udp ? "a UDP socket" : "a socket that does not listen"};
    case CAUSE_OUTGOING:
        return (struct obstacle){true, "an outgoing connection"};
    case CAUSE_CONNECTED:
        return (struct obstacle){true, "connections still open"};
    case CAUSE_CLOSING:
        return (struct obstacle){true, "closing connections"};
    case CAUSE_TIME_WAIT:
        return (struct obstacle){true, "TIME_WAIT"};
    case CAUSE_UNSEEN:
        return (struct obstacle){true, "something not in the socket table"};
    case CAUSE_NONE:
    case CAUSE_UNKNOWN:
        break;
    }
    return (struct obstacle){false, "no reason is known"};
}

bool change_text_is_holder(const struct verdict *verdict)
{
    return obstacle_of(verdict).by;
}

/* The groups that decide stand first. */
void change_text_obstacle(struct event *event, const struct verdict *verdict)
{
    event_say(event, "%s", obstacle_of(verdict).what);
    const struct holder *holder = verdict->holder_count > 0 ? &verdict->holders[0] : NULL;
    if (holder == NULL || verdict->cause == CAUSE_UNSEEN)
        return;
    if (verdict->cause == CAUSE_OUTGOING) {
        event_say(event, " to ");
        change_text_peer(event, holder);
    }
    change_text_owners(event, " of ", holder->owners, holder->owner_count);
}

/* ", free in 43.7 s": tenths, rounded up, so that what is left is never understated. */
static void say_time(struct event *event, const struct verdict *verdict)
{
    if (verdict->plain.kind != FREES_AFTER || verdict->plain.seconds <= 0)
        return;
    int64_t tenths = (int64_t)(verdict->plain.seconds * 10 + 0.999);
    event_say(event, ", %s in %" PRId64 ".%" PRId64 " s%s", verdict->kind == VERDICT_REUSABLE ? "without it" : "free",
              tenths / 10, tenths % 10, verdict->may_extend ? " or later" : "");
}

static void say_now(struct event *event, const struct verdict *verdict)
{
    switch (verdict->kind) {
    case VERDICT_FREE:
        event_say(event, "free");
        return;
    case VERDICT_REUSABLE:
        event_say(event, "bindable with SO_REUSEADDR");
        say_time(event, verdict);
        event_say(event, ": ");
        change_text_obstacle(event, verdict);
        return;
    case VERDICT_HELD:
        event_say(event, change_text_is_holder(verdict) ? "held by " : "held: ");
        change_text_obstacle(event, verdict);
        say_time(event, verdict);
        return;
    case VERDICT_UNKNOWN:
        event_say(event, "not known whether it can be bound");
        if (verdict->cause != CAUSE_UNKNOWN && verdict->cause != CAUSE_NONE)
            event_say(event, ": %s", obstacle_of(verdict).what);
        return;
    }
}

static void say_before(struct event *event, const struct verdict *verdict)
{
    switch (verdict->kind) {
    case VERDICT_FREE:
        event_say(event, "free");
        return;
    case VERDICT_REUSABLE:
        event_say(event, "bindable with SO_REUSEADDR: ");
        change_text_obstacle(event, verdict);
        return;
    case VERDICT_HELD:
        change_text_obstacle(event, verdict);
        return;
    case VERDICT_UNKNOWN:
        event_say(event, "not known");
        return;
    }
}

void change_text_verdict(struct event *event, const struct verdict *before, const struct verdict *now)
{
    say_now(event, now);
    event_say(event, "; before: ");
    say_before(event, before);
}
