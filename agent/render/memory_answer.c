#include "render/memory_answer.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/parse.h"
#include "json_add.h"
#include "view.h"

#define PORTS_MAX 65536
#define GROUPS_MAX 64
#define OWNERS_MAX 16
/* Timers of sockets are as coarse as the kernel's ticks. */
#define SLACK_MS 250

struct memory_answer_group {
    char state[16];
    char local[VIEW_PEER_MAX];
    uint64_t count;
    int64_t longest_ms;   /* negative: has no timer */
    struct owner *owners; /* owned */
    size_t owner_count;
};

struct memory_answer_port {
    uint16_t port;
    int64_t taken_at_ns;                /* CLOCK_REALTIME */
    struct memory_answer_group *groups; /* owned */
    size_t group_count;
};

static const cJSON *item(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* A text that fits; null is "". */
static bool read_text(const cJSON *object, const char *key, char *ret_text, size_t size)
{
    const cJSON *value = item(object, key);
    const char *text = cJSON_IsNull(value) ? "" : cJSON_GetStringValue(value);
    if (text == NULL || strlen(text) >= size)
        return false;
    memcpy(ret_text, text, strlen(text) + 1);
    return true;
}

static bool read_time(const cJSON *object, const char *key, int64_t *ret_ns)
{
    const char *text = cJSON_GetStringValue(item(object, key));
    return text != NULL && parse_time(text, ret_ns) == 0;
}

static bool read_number(const cJSON *object, const char *key, double max, double *ret_number)
{
    const cJSON *number = item(object, key);
    if (!cJSON_IsNumber(number) || !(number->valuedouble >= 0 && number->valuedouble <= max))
        return false;
    *ret_number = number->valuedouble;
    return true;
}

static bool read_bool(const cJSON *object, const char *key, bool *ret_value)
{
    if (!cJSON_IsBool(item(object, key)))
        return false;
    *ret_value = cJSON_IsTrue(item(object, key)) != 0;
    return true;
}

static bool read_owner(const cJSON *object, struct owner *ret_owner)
{
    struct owner owner = {0};
    double pid;
    double uid;
    if (!read_number(object, "pid", INT32_MAX, &pid) || !read_number(object, "uid", UINT32_MAX, &uid) ||
        !read_text(object, "process", owner.process, sizeof(owner.process)) ||
        !read_text(object, "unit", owner.unit, sizeof(owner.unit)) ||
        !read_text(object, "container_id", owner.container, sizeof(owner.container)) ||
        (item(object, "container_name") != NULL &&
         !read_text(object, "container_name", owner.container_name, sizeof(owner.container_name))) ||
        !read_time(object, "last_seen", &owner.last_seen_ns) || !read_bool(object, "alive", &owner.alive) ||
        !read_bool(object, "inferred", &owner.inferred))
        return false;
    owner.pid = (int32_t)pid;
    owner.uid = (uint32_t)uid;
    *ret_owner = owner;
    return true;
}

static int read_owners(const cJSON *array, struct memory_answer_group *group)
{
    int count = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : -1;
    if (count < 0 || count > OWNERS_MAX)
        return -EINVAL;
    group->owners = calloc((size_t)count + 1, sizeof(*group->owners));
    if (group->owners == NULL)
        return -ENOMEM;
    const cJSON *object = NULL;
    cJSON_ArrayForEach(object, array) if (!read_owner(object, &group->owners[group->owner_count++])) return -EINVAL;
    return 0;
}

static int read_group(const cJSON *object, struct memory_answer_group *group)
{
    double count;
    double longest_s = -1;
    const char *longest = "longest_remaining_seconds";
    bool timed = !cJSON_IsNull(item(object, longest));
    if (!read_text(object, "state", group->state, sizeof(group->state)) ||
        !read_text(object, "local", group->local, sizeof(group->local)) ||
        !read_number(object, "count", UINT32_MAX, &count) ||
        (timed && !read_number(object, longest, UINT32_MAX, &longest_s)))
        return -EINVAL;
    group->count = (uint64_t)count;
    group->longest_ms = timed ? view_milliseconds(longest_s) : -1;
    return read_owners(item(object, "owners"), group);
}

static int read_groups(const cJSON *array, struct memory_answer_port *port)
{
    int count = cJSON_IsArray(array) ? cJSON_GetArraySize(array) : -1;
    if (count < 0 || count > GROUPS_MAX)
        return -EINVAL;
    port->groups = calloc((size_t)count + 1, sizeof(*port->groups));
    if (port->groups == NULL)
        return -ENOMEM;
    const cJSON *object = NULL;
    int r = 0;
    cJSON_ArrayForEach(object, array) r = r < 0 ? r : read_group(object, &port->groups[port->group_count++]);
    return r;
}

static int read_port(const cJSON *object, const char *netns_id, struct memory_answer *answer)
{
    const cJSON *endpoint = item(object, "endpoint");
    char id[REPORT_NETNS_ID_MAX];
    char protocol[8];
    double number;
    int64_t taken_at_ns;
    if (!read_text(object, "netns_id", id, sizeof(id)) || !read_time(object, "taken_at", &taken_at_ns) ||
        !read_text(endpoint, "protocol", protocol, sizeof(protocol)) ||
        !read_number(endpoint, "port", UINT16_MAX, &number))
        return -EINVAL;
    if (strcmp(id, netns_id) != 0 || strcmp(protocol, protocol_name(PROTOCOL_TCP)) != 0)
        return 0;
    struct memory_answer_port *port = &answer->ports[answer->count++];
    port->port = (uint16_t)number;
    port->taken_at_ns = taken_at_ns;
    return read_groups(item(object, "holders"), port);
}

int memory_answer_read(const char *bytes, const char *netns_id, struct memory_answer *ret_answer)
{
    cleanup(json_add_freep) cJSON *root = cJSON_ParseWithOpts(bytes, NULL, true);
    cleanup(memory_answer_done) struct memory_answer answer = {0};
    const cJSON *array = item(root, "ports");
    int count = array == NULL ? 1 : cJSON_IsArray(array) ? cJSON_GetArraySize(array) : -1;
    if (root == NULL || count < 0 || count > PORTS_MAX)
        return -EINVAL;
    answer.ports = calloc((size_t)count + 1, sizeof(*answer.ports));
    if (answer.ports == NULL)
        return -ENOMEM;
    int r = 0;
    for (const cJSON *object = array == NULL ? root : array->child; r == 0 && object != NULL; object = object->next)
        r = read_port(object, netns_id, &answer);
    if (r < 0)
        return r;
    *ret_answer = answer;
    answer = (struct memory_answer){0};
    return 0;
}

void memory_answer_done(struct memory_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        for (size_t n = 0; n < answer->ports[i].group_count; n++)
            free(answer->ports[i].groups[n].owners);
        free(answer->ports[i].groups);
    }
    free(answer->ports);
    *answer = (struct memory_answer){0};
}

/* Its row for all addresses stands first. */
static const struct memory_answer_port *port_of(const struct memory_answer *answer, const struct endpoint *endpoint)
{
    for (size_t i = 0; endpoint->protocol == PROTOCOL_TCP && i < answer->count; i++)
        if (answer->ports[i].port == endpoint->port)
            return &answer->ports[i];
    return NULL;
}

/* The sockets of this kind at this address; NULL: it did not see any, or does not know whose they are. */
static const struct memory_answer_group *group_of(const struct memory_answer_port *port, const struct holder *holder)
{
    char local[VIEW_PEER_MAX];
    view_local(holder, port->port, local);
    for (size_t i = 0; i < port->group_count; i++) {
        const struct memory_answer_group *group = &port->groups[i];
        if (group->owner_count > 0 && strcmp(group->state, sock_state_name(holder->state)) == 0 &&
            strcmp(group->local, local) == 0 && (group->longest_ms >= 0) == holder->minisocket)
            return group;
    }
    return NULL;
}

/* Some of the sockets are younger than what the agent saw, or it cannot be told. */
static bool has_grown(const struct memory_answer_group *group, const struct holder *holder, int64_t elapsed_ms)
{
    return !holder->minisocket || holder->count > group->count ||
           holder->longest_remaining_ms > group->longest_ms - elapsed_ms + SLACK_MS;
}

static int give_owners(const struct memory_answer_group *group, bool inferred, struct holder *holder,
                       int64_t *latest_seen_ns)
{
    holder->owners = calloc(group->owner_count, sizeof(*holder->owners));
    if (holder->owners == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < group->owner_count; i++) {
        const struct owner *owner = &group->owners[i];
        holder->owners[i] = *owner;
        holder->owners[i].inferred = owner->inferred || inferred;
        *latest_seen_ns = owner->last_seen_ns > *latest_seen_ns ? owner->last_seen_ns : *latest_seen_ns;
    }
    holder->owner_count = group->owner_count;
    return 0;
}

int memory_answer_attach(const struct memory_answer *answer, int64_t now_ns, struct verdict *verdict,
                         int64_t *ret_seen_ns)
{
    const struct memory_answer_port *port = port_of(answer, &verdict->endpoint);
    int attached = 0;
    int64_t seen_ns = 0;
    for (size_t i = 0; port != NULL && i < verdict->holder_count; i++) {
        struct holder *holder = &verdict->holders[i];
        const struct memory_answer_group *group =
            holder->owner_count == 0 && holder->inode_count == 0 ? group_of(port, holder) : NULL;
        if (group == NULL)
            continue;
        bool inferred = has_grown(group, holder, (now_ns - port->taken_at_ns) / CLOCK_NS_PER_MS);
        if (give_owners(group, inferred, holder, &seen_ns) < 0)
            return -ENOMEM;
        attached++;
    }
    if (attached > 0)
        *ret_seen_ns = seen_ns;
    return attached;
}
