#include "attempts.h"

#include "base/clock.h"

#define QUIET_SHARE 4
#define IPV6_NETWORK_BYTES 8

static struct address network_of(const struct address *client)
{
    struct address network = address_unmapped(client);
    if (network.family == FAMILY_IPV6)
        memset(network.bytes + IPV6_NETWORK_BYTES, 0, sizeof(network.bytes) - IPV6_NETWORK_BYTES);
    return network;
}

bool attempts_allowed(const struct attempts *attempts, const struct address *client, int64_t now_ns)
{
    if (now_ns < attempts->quiet_until_ns)
        return false;
    struct address network = network_of(client);
    for (size_t i = 0; i < ATTEMPTS_ADDRESSES_MAX; i++) {
        const struct attempt *attempt = &attempts->latest[i];
        if (now_ns < attempt->quiet_until_ns && address_equal(&attempt->address, &network))
            return false;
    }
    return true;
}

void attempts_failed(struct attempts *attempts, const struct address *client, int64_t now_ns, int64_t cost_ns)
{
    attempts->quiet_until_ns = now_ns + QUIET_SHARE * cost_ns;
    struct attempt *oldest = &attempts->latest[0];
    for (size_t i = 1; i < ATTEMPTS_ADDRESSES_MAX; i++)
        if (attempts->latest[i].quiet_until_ns < oldest->quiet_until_ns)
            oldest = &attempts->latest[i];
    *oldest = (struct attempt){
        .address = network_of(client),
        .quiet_until_ns = now_ns + ATTEMPTS_ADDRESS_QUIET_SECONDS * CLOCK_NS_PER_S,
    };
}
