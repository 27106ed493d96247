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
    if (verdict->endpoint.protocol != PROTOCOL_TCP)
        return false;
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

/* The thread goes home for the question, and comes back. */
static int ask_at_home(int home, const struct agentclient_place *place, struct agentclient_answer *ret_answer)
{
    cleanup(cleanup_close) int here = -1;
    struct error error;
    int r = netns_open(NETNS_OWN, &here, &error);
    if (r == 0)
        r = netns_enter(home, &error);
    if (r < 0)
        return r;
    r = agentclient_get(place, TIMEOUT_NS, ret_answer, &error);
    if (netns_enter(here, &error) == 0)
        return r;
    /* From here on it would answer for another namespace than it was asked about. */
    (void)fprintf(stderr, "tidewait: cannot return to the network namespace: %s\n", error.text);
    abort();
}

/* endpoint: NULL for all. id: as netns.h has it, of which the agent knows the last part as a name. */
static void say_path(const struct endpoint *endpoint, const char *id, char ret_path[static AGENTCLIENT_PATH_MAX])
{
    const char *slash = strrchr(id, '/');
    if (endpoint == NULL)
        (void)snprintf(ret_path, AGENTCLIENT_PATH_MAX, "/api/v1/ports");
    else
        (void)snprintf(ret_path, AGENTCLIENT_PATH_MAX, "/api/v1/ports/%u?netns=ino-%s", endpoint->port,
                       slash != NULL ? slash + 1 : "");
}

static bool ask(const struct endpoint *endpoint, int home, struct memory_answer *ret_memory)
{
    struct agentclient_place place;
    struct error error;
    char id[NETNS_ID_MAX];
    if (agent_place_find(NULL, &place, &error) < 0 || !is_loopback(&place.address) || netns_id(id) < 0)
        return false;
    say_path(endpoint, id, place.path);
    cleanup(agentclient_answer_done) struct agentclient_answer answer = {0};
    int r = home < 0 ? agentclient_get(&place, TIMEOUT_NS, &answer, &error) : ask_at_home(home, &place, &answer);
    return r == 0 && answer.status == STATUS_OK && memory_answer_read(answer.body, id, ret_memory) == 0;
}

bool agent_memory_ask(struct verdict *verdict, int home, int64_t now_ns, int64_t *ret_seen_ns)
{
    cleanup(memory_answer_done) struct memory_answer memory = {0};
    return has_nameless(verdict) && ask(&verdict->endpoint, home, &memory) &&
           memory_answer_attach(&memory, now_ns, verdict, ret_seen_ns) > 0;
}

void agent_memory_ask_all(struct report *report, int home)
{
    struct report_netns *netns = &report->netns;
    size_t first = 0;
    while (first < netns->port_count && !has_nameless(&netns->ports[first].verdict))
        first++;
    cleanup(memory_answer_done) struct memory_answer memory = {0};
    if (first == netns->port_count || !ask(NULL, home, &memory))
        return;
    for (size_t i = first; i < netns->port_count; i++) {
        struct verdict *verdict = &netns->ports[i].verdict;
        int64_t seen_ns;
        verdict->remembered = memory_answer_attach(&memory, report->taken_at.realtime_ns, verdict, &seen_ns) > 0;
    }
}
