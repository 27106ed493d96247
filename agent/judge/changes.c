#include "judge/changes.h"

#include <errno.h>
#include <string.h>

#include "change_listeners.h"
#include "change_queues.h"
#include "change_text.h"

#define NS_PER_S 1e9

void changes_done(struct changes *changes)
{
    report_unref(changes->before);
    free(changes->queues);
    *changes = (struct changes){0};
}

/* Advances *at, which follows the order of the rows. */
static const struct report_port *row_in(const struct report_netns *netns, size_t *at, const struct endpoint *endpoint)
{
    const struct report_port *rows = netns->ports;
    while (*at < netns->port_count && (rows[*at].verdict.endpoint.protocol < endpoint->protocol ||
                                       (rows[*at].verdict.endpoint.protocol == endpoint->protocol &&
                                        rows[*at].verdict.endpoint.port < endpoint->port)))
        (*at)++;
    for (size_t i = *at; i < netns->port_count && rows[i].verdict.endpoint.port == endpoint->port; i++)
        if (endpoint_equal(&rows[i].verdict.endpoint, endpoint))
            return &rows[i];
    return NULL;
}

static void look_at_verdict(const struct change_look *look, const struct report_port *before,
                            const struct report_port *now)
{
    const struct endpoint *endpoint = &now->verdict.endpoint;
    if (before->verdict.kind == now->verdict.kind && before->verdict.cause == now->verdict.cause)
        return;
    if (now->verdict.cause == CAUSE_OUTGOING && now->verdict.holder_count > 0 && endpoint->any_address) {
        const struct holder *holder = &now->verdict.holders[0];
        struct event event = change_look_event(look, EVENT_PORT_STOLEN, endpoint);
        event_say(&event, "taken by an outgoing connection to ");
        change_text_peer(&event, holder);
        change_text_owners(&event, " of ", holder->owners, holder->owner_count);
        if (now->expected == EXPECTED_LISTENING)
            event_say(&event, "; a listener is expected there");
        change_look_emit(look, &event);
    }
    struct event event = change_look_event(look, EVENT_VERDICT_CHANGED, endpoint);
    change_text_verdict(&event, &before->verdict, &now->verdict);
    change_look_emit(look, &event);
}

static void look_at_verdicts(const struct change_look *look)
{
    size_t at = 0;
    for (size_t i = 0; i < look->now->port_count; i++) {
        const struct report_port *now = &look->now->ports[i];
        const struct report_port *before = row_in(look->before, &at, &now->verdict.endpoint);
        if (before != NULL)
            look_at_verdict(look, before, now);
    }
}

static void look_at_source(const struct change_look *look)
{
    const struct source *source = &look->now->source;
    if (source->kind == look->before->source.kind)
        return;
    struct event event = change_look_event(look, EVENT_SOURCE_CHANGED, NULL);
    char reason[SOURCE_REASON_MAX];
    source_reason(source, reason);
    if (source->kind == SOURCE_NETLINK)
        event_say(&event, "sockets are read through netlink again");
    else
        event_say(&event, "sockets are read from /proc/net, which tells less: %s", reason);
    change_look_emit(look, &event);
}

static void tell_failure(const struct change_look *look, const struct report *now)
{
    struct event event = change_look_event(look, EVENT_ROUND_FAILED, NULL);
    event_say(&event, "the round failed at %s: %s", round_stage_name(now->failed_stage), now->failure);
    change_look_emit(look, &event);
}

static void tell_recovery(const struct change_look *look, const struct report *before, const struct report *now)
{
    struct event event = change_look_event(look, EVENT_ROUND_RECOVERED, NULL);
    event_say(&event, "rounds succeed again");
    if (before != NULL) {
        int64_t blind_ns = now->taken_at.monotonic_ns - before->taken_at.monotonic_ns;
        event_say(&event, "; nothing was seen for %.1f s", (double)blind_ns / NS_PER_S);
    }
    change_look_emit(look, &event);
}

/* Where the namespace stands in the report; other_count + 1 when it does not. */
static size_t index_in(const struct report *report, const char *netns)
{
    size_t index = 0;
    while (index <= report->other_count && strcmp(report_netns_at(report, index)->name, netns) != 0)
        index++;
    return index;
}

static bool was_seen(const struct report_netns *netns)
{
    return netns->failure[0] == '\0';
}

/* Everything about one namespace; queues: its own, from round to round. */
static void look_at_netns(struct change_look *look, const struct changes *changes, struct change_queues *queues)
{
    size_t index = index_in(changes->before, look->now->name);
    if (index > changes->before->other_count)
        return;
    look->before = report_netns_at(changes->before, index);
    *queues = changes->queues[index];
    if (!was_seen(look->before) || !was_seen(look->now))
        return;
    look_at_source(look);
    change_listeners_look(look);
    change_queues_look(look, queues);
    look_at_verdicts(look);
}

int changes_look(struct changes *changes, struct report *now, void (*emit)(void *, const struct event *), void *context)
{
    struct change_look look = {
        .now = &now->netns, .at_ns = now->taken_at.realtime_ns, .emit = emit, .context = context};
    bool was_failing = changes->failing;
    cleanup(cleanup_free) struct change_queues *queues = calloc(now->other_count + 1, sizeof(*queues));
    if (queues == NULL)
        return -ENOMEM;
    changes->failing = now->failed;
    if (now->failed) {
        if (!was_failing)
            tell_failure(&look, now);
        return 0;
    }
    if (was_failing)
        tell_recovery(&look, changes->before, now);
    for (size_t i = 0; changes->before != NULL && i <= now->other_count; i++) {
        look.now = report_netns_at(now, i);
        look_at_netns(&look, changes, &queues[i]);
    }
    report_unref(changes->before);
    free(changes->queues);
    changes->before = report_ref(now);
    changes->queues = steal_ptr(&queues);
    return 0;
}
