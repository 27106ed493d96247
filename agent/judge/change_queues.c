#include "change_queues.h"

#include <inttypes.h>

#include "change_text.h"

/* Attempts to connect that met a full accept queue since the round before; 0 when that is not known. */
static int64_t dropped(const struct change_look *look)
{
    int64_t before = look->before->counters.listen_overflows;
    int64_t now = look->now->counters.listen_overflows;
    return before != KERNEL_UNKNOWN && now != KERNEL_UNKNOWN && now > before ? now - before : 0;
}

static void say_attempts(struct event *event, int64_t count)
{
    event_say(event, "%" PRId64 " %s to connect dropped", count, count == 1 ? "attempt" : "attempts");
}

static bool is_full(const struct verdict *verdict)
{
    const struct holder *listener = verdict_accept_queue(verdict);
    return verdict->endpoint.any_address && listener != NULL && listener->queue_length > listener->queue_limit;
}

static void tell_full(const struct change_look *look, const struct verdict *verdict, int64_t count)
{
    const struct holder *listener = verdict_accept_queue(verdict);
    struct event event = change_look_event(look, EVENT_ACCEPT_QUEUE_OVERFLOWED, &verdict->endpoint);
    event_say(&event, "the accept queue");
    change_text_owners(&event, " of ", listener->owners, listener->owner_count);
    event_say(&event, " is full, %" PRIu32 " wait for accept(); ", listener->queue_length);
    say_attempts(&event, count);
    change_look_emit(look, &event);
}

static void tell_unseen(const struct change_look *look, int64_t count)
{
    struct event event = change_look_event(look, EVENT_ACCEPT_QUEUE_OVERFLOWED, NULL);
    say_attempts(&event, count);
    event_say(&event, " at a full accept queue, which has room again");
    change_look_emit(look, &event);
}

void change_queues_look(const struct change_look *look, struct change_queues *queues)
{
    int64_t fresh = dropped(look);
    int64_t count = queues->unseen + fresh;
    bool is_last_chance = queues->unseen > 0;
    queues->unseen = 0;
    queues->told = queues->told && fresh > 0;
    if (count == 0 || queues->told)
        return;
    for (size_t i = 0; i < look->now->port_count; i++)
        if (is_full(&look->now->ports[i].verdict)) {
            tell_full(look, &look->now->ports[i].verdict, count);
            queues->told = true;
        }
    if (queues->told)
        return;
    if (is_last_chance) {
        tell_unseen(look, count);
        queues->told = fresh > 0;
    } else {
        queues->unseen = count;
    }
}
