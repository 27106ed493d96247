#include "json_verdict.h"

#include <errno.h>

#include "base/clock.h"
#include "render/json.h"
#include "view.h"

static bool add_endpoint(cJSON *object, const struct endpoint *endpoint)
{
    char address[ADDRESS_TEXT_MAX];
    endpoint_address_format(endpoint, address);
    cJSON *json = json_add_object(object, "endpoint");
    return json_add_text(json, "protocol", protocol_name(endpoint->protocol)) &&
           json_add_text(json, "address", address) && json_add_number(json, "port", endpoint->port);
}

static bool add_cause(cJSON *object, enum cause cause)
{
    return cause == CAUSE_UNKNOWN ? json_add_null(object, "cause") : json_add_text(object, "cause", cause_name(cause));
}

static bool add_frees(cJSON *object, const char *key, const struct frees *frees)
{
    switch (frees->kind) {
    case FREES_NOT_KNOWN:
        return object != NULL;
    case FREES_NEVER:
        return json_add_null(object, key);
    case FREES_AFTER:
        return json_add_seconds(object, key, frees->seconds);
    }
    return false;
}

/* Rounded up: at that second it is free. */
static bool add_frees_at(cJSON *object, const struct frees *plain, int64_t taken_at_ns)
{
    if (plain->kind != FREES_AFTER)
        return json_add_null(object, "frees_at");
    int64_t wait_ns = view_milliseconds(plain->seconds) * CLOCK_NS_PER_MS;
    int64_t rounding_ns = wait_ns > 0 ? CLOCK_NS_PER_S - 1 : 0;
    return json_add_time(object, "frees_at", taken_at_ns + wait_ns + rounding_ns);
}

static bool add_bind(cJSON *array, const struct bind_result *bind)
{
    char address[ADDRESS_TEXT_MAX];
    address_format(&bind->address, address);
    cJSON *json = json_add_row(array);
    return json_add_text(json, "address", address) && json_add_bool(json, "reuseaddr", bind->reuseaddr) &&
           json_add_text(json, "result", view_bind_error(bind->error)) &&
           json_add_text(json, "how", bind->performed ? "performed" : "inferred");
}

cJSON *json_verdict_add_owner(cJSON *array, const struct owner *owner)
{
    cJSON *json = json_add_row(array);
    bool added = json_add_number(json, "pid", owner->pid) && json_add_text(json, "process", owner->process) &&
                 json_add_number(json, "uid", owner->uid) && json_add_text_or_null(json, "unit", owner->unit) &&
                 json_add_text_or_null(json, "container_id", owner->container) &&
                 json_add_text_or_null(json, "container_name", owner->container_name) &&
                 json_add_time(json, "last_seen", owner->last_seen_ns) && json_add_bool(json, "alive", owner->alive) &&
                 json_add_bool(json, "inferred", owner->inferred);
    return added ? json : NULL;
}

static bool add_local(cJSON *object, const struct holder *holder, uint16_t port)
{
    char text[VIEW_PEER_MAX];
    view_local(holder, port, text);
    return json_add_text(object, "local", text);
}

static bool add_remote(cJSON *object, const struct holder *holder)
{
    if (holder->remote_port == 0)
        return json_add_null(object, "remote");
    char text[VIEW_PEER_MAX];
    view_peer(&holder->remote, holder->remote_port, text);
    return json_add_text(object, "remote", text);
}

static bool add_reuseport(cJSON *object, const struct holder *holder)
{
    if (holder->reuseport == SOCKOPT_UNKNOWN)
        return json_add_null(object, "reuseport");
    return json_add_bool(object, "reuseport", holder->reuseport == SOCKOPT_ON);
}

static bool add_holder(cJSON *array, const struct holder *holder, uint16_t port)
{
    cJSON *json = json_add_row(array);
    if (!json_add_text(json, "state", sock_state_name(holder->state)) || !add_local(json, holder, port) ||
        !add_remote(json, holder) || !json_add_number(json, "count", (double)holder->count))
        return false;

    const char *remaining = "longest_remaining_seconds";
    if (!(holder->minisocket ? json_add_seconds(json, remaining, holder->longest_remaining_ms / 1000.0)
                             : json_add_null(json, remaining)))
        return false;
    if (!json_add_text(json, "direction", direction_name(holder->direction)) || !add_reuseport(json, holder))
        return false;

    cJSON *owners = json_add_array(json, "owners");
    for (size_t i = 0; i < holder->owner_count; i++)
        if (json_verdict_add_owner(owners, &holder->owners[i]) == NULL)
            return false;
    return owners != NULL;
}

static bool add_remedy(cJSON *array, const struct remedy *remedy)
{
    cJSON *json = json_add_row(array);
    return json_add_text(json, "kind", remedy_kind_name(remedy->kind)) && json_add_text(json, "text", remedy->text) &&
           (remedy->command != NULL ? json_add_text(json, "command", remedy->command) : json_add_null(json, "command"));
}

bool json_verdict_add_advice(cJSON *object, const char *explanation, const struct remedy *remedies, size_t count)
{
    if (!json_add_text(object, "explanation", explanation != NULL ? explanation : ""))
        return false;
    cJSON *array = json_add_array(object, "remedies");
    for (size_t i = 0; i < count; i++)
        if (!add_remedy(array, &remedies[i]))
            return false;
    return array != NULL;
}

static bool add_evidence(cJSON *object, const struct verdict *verdict)
{
    cJSON *binds = json_add_array(object, "binds");
    for (size_t i = 0; i < verdict->bind_count; i++)
        if (!add_bind(binds, &verdict->binds[i]))
            return false;
    cJSON *holders = json_add_array(object, "holders");
    for (size_t i = 0; i < verdict->holder_count; i++)
        if (!add_holder(holders, &verdict->holders[i], verdict->endpoint.port))
            return false;
    return binds != NULL && holders != NULL;
}

bool json_verdict_add(cJSON *object, const struct verdict *verdict, const char *netns, int64_t taken_at_ns)
{
    if (!add_endpoint(object, &verdict->endpoint) || !json_add_text(object, "netns", netns) ||
        !json_add_text(object, "verdict", verdict_kind_name(verdict->kind)) || !add_cause(object, verdict->cause))
        return false;

    cJSON *frees = json_add_object(object, "frees_in_seconds");
    if (!add_frees(frees, "plain", &verdict->plain) || !add_frees(frees, "reuseaddr", &verdict->reuseaddr) ||
        !add_frees_at(object, &verdict->plain, taken_at_ns) ||
        !json_add_bool(object, "may_extend", verdict->may_extend) ||
        (verdict->contradiction && !json_add_bool(object, "contradiction", true)) ||
        (verdict->source.kind != SOURCE_NETLINK &&
         !json_add_text(object, "socket_source", source_name(verdict->source.kind))) ||
        (verdict->remembered && !json_add_text(object, "owners_source", "agent")))
        return false;

    return add_evidence(object, verdict) &&
           json_verdict_add_advice(object, verdict->explanation, verdict->remedies, verdict->remedy_count);
}

int json_verdict(const struct verdict *verdict, const char *netns, int64_t taken_at_ns, struct buf *buf)
{
    cleanup(json_add_freep) cJSON *root = cJSON_CreateObject();
    if (!json_verdict_add(root, verdict, netns, taken_at_ns))
        return -ENOMEM;
    return json_add_to_buf(root, buf);
}
