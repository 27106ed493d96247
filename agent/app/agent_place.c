#include "agent_place.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#include "serve/listen.h"

#define VARIABLE "TIDEWAIT_WEB_LISTEN_ADDRESS"
#define DEFAULT_URL "http://127.0.0.1:10098"

/* What listens on every address is asked on the loopback one. */
static struct address reachable(const struct endpoint *endpoint)
{
    if (!endpoint->any_address && !address_is_wildcard(&endpoint->address))
        return endpoint->address;
    struct address loopback = {.family = FAMILY_IPV4};
    uint32_t bytes = htonl(INADDR_LOOPBACK);
    memcpy(loopback.bytes, &bytes, sizeof(bytes));
    return loopback;
}

int agent_place_find(const char *url, struct agentclient_place *ret_place, struct error *error)
{
    const char *variable = url == NULL ? getenv(VARIABLE) : NULL;
    if (variable == NULL)
        return agentclient_parse(url != NULL ? url : DEFAULT_URL, ret_place, error);
    cleanup(cleanup_free) char *first = strndup(variable, strcspn(variable, ","));
    if (first == NULL)
        return error_set(error, -ENOMEM, "out of memory");
    struct endpoint endpoint;
    int r = listen_parse(first, &endpoint, error);
    if (r == 0 && endpoint.port == 0)
        r = error_set(error, -EINVAL, "port 0 is any: the agent cannot be found by it");
    if (r < 0) {
        error_prefix(error, VARIABLE);
        return r;
    }
    *ret_place = (struct agentclient_place){.address = reachable(&endpoint), .port = endpoint.port, .path = "/"};
    return 0;
}
