#include "change_listeners.h"

#include "change_text.h"

static struct endpoint endpoint_of(const struct report_listener *listener)
{
    return (struct endpoint){.protocol = PROTOCOL_TCP, .address = listener->address, .port = listener->port};
}

static const struct report_listener *listener_in(const struct report_netns *netns, const struct report_listener *wanted)
{
    size_t low = 0;
    for (size_t high = netns->listener_count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (netns->listeners[middle].port < wanted->port)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < netns->listener_count && netns->listeners[low].port == wanted->port; low++)
        if (address_equal(&netns->listeners[low].address, &wanted->address))
            return &netns->listeners[low];
    return NULL;
}

/* Every process that has the listener open, as far as it is known: not only the one that is named. */
static bool is_owned_by(const struct report_netns *netns, const struct report_listener *listener, int32_t pid)
{
    struct endpoint any = {.protocol = PROTOCOL_TCP, .any_address = true, .port = listener->port};
    const struct report_port *port = report_port_find(netns, &any);
    for (size_t i = 0; port != NULL && i < port->verdict.holder_count; i++) {
        const struct holder *holder = &port->verdict.holders[i];
        struct address local = address_unmapped(&holder->local);
        if (holder->state != SOCK_LISTEN || !address_equal(&local, &listener->address))
            continue;
        for (size_t n = 0; n < holder->owner_count; n++)
            if (holder->owners[n].pid == pid)
                return true;
    }
    return false;
}

/* Workers come and go; it has changed hands when neither side's process is among the other's. */
static bool has_changed_hands(const struct change_look *look, const struct report_listener *before,
                              const struct report_listener *now)
{
    return before->owner_known && now->owner_known && before->owner.pid != now->owner.pid &&
           !is_owned_by(look->before, before, now->owner.pid) && !is_owned_by(look->now, now, before->owner.pid);
}

static void look_at_new(const struct change_look *look)
{
    for (size_t i = 0; i < look->now->listener_count; i++) {
        const struct report_listener *now = &look->now->listeners[i];
        const struct report_listener *before = listener_in(look->before, now);
        struct endpoint endpoint = endpoint_of(now);
        if (before == NULL) {
            struct event event = change_look_event(look, EVENT_LISTENER_APPEARED, &endpoint);
            event_say(&event, "a new listener");
            change_text_owners(&event, " of ", &now->owner, now->owner_known);
            change_look_emit(look, &event);
        } else if (has_changed_hands(look, before, now)) {
            struct event event = change_look_event(look, EVENT_LISTENER_OWNER_CHANGED, &endpoint);
            event_say(&event, "now a listener");
            change_text_owners(&event, " of ", &now->owner, 1);
            change_text_owners(&event, "; before: of ", &before->owner, 1);
            change_look_emit(look, &event);
        }
    }
}

static void look_at_gone(const struct change_look *look)
{
    for (size_t i = 0; i < look->before->listener_count; i++) {
        const struct report_listener *before = &look->before->listeners[i];
        if (listener_in(look->now, before) != NULL)
            continue;
        struct endpoint endpoint = endpoint_of(before);
        struct event event = change_look_event(look, EVENT_LISTENER_GONE, &endpoint);
        event_say(&event, "the listener");
        change_text_owners(&event, " of ", &before->owner, before->owner_known);
        event_say(&event, " is gone");
        change_look_emit(look, &event);
    }
}

void change_listeners_look(const struct change_look *look)
{
    look_at_gone(look);
    look_at_new(look);
}
