#include "agent_memory.h"

#include <stdio.h>

#include "agent_place.h"
#include "base/clock.h"
#include "collect/netns.h"
#include "render/memory_answer.h"

#define TIMEOUT_NS (200 * CLOCK_NS_PER_MS)
#define STATUS_OK 200

static bool has_nameless(const struct verdict *verdict)
{
    for (size_t i = 0; i < verdict->holder_count; i++)
        if (verdict->holders[i].inode_count == 0 && verdict->holders[i].owner_count == 0)
            return true;
    return false;
}

static bool is_loopback(const struct address *address)
{
    static const struct address ipv6 = {.family = FAMILY_IPV6, .bytes = {[15] = 1}};
    return address->family == FAMILY_IPV4 ? address->bytes[0] == 127 : address_equal(address, &ipv6);
}

bool agent_memory_ask(struct verdict *verdict, int64_t now_ns, int64_t *ret_seen_ns)
{
    struct agentclient_place place;
    struct error error;
    if (verdict->endpoint.protocol != PROTOCOL_TCP || !has_nameless(verdict) ||
        agent_place_find(NULL, &place, &error) < 0 || !is_loopback(&place.address))
        return false;
    (void)snprintf(place.path, sizeof(place.path), "/api/v1/ports/%u", verdict->endpoint.port);
    cleanup(agentclient_answer_done) struct agentclient_answer answer = {0};
    if (agentclient_get(&place, TIMEOUT_NS, &answer, &error) < 0 || answer.status != STATUS_OK)
        return false;
    cleanup(memory_answer_done) struct memory_answer memory = {0};
    char own[NETNS_ID_MAX];
    if (memory_answer_read(answer.body, &memory) < 0 || netns_id(own) < 0 || strcmp(own, memory.netns_id) != 0)
        return false;
    return memory_answer_attach(&memory, now_ns, verdict, ret_seen_ns) > 0;
}
