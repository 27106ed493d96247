#include "host.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"
#define HOST_MAX 256 /* RFC 1035 knows no longer name */

static bool is_name(const char *host, const char *name)
{
    size_t length = strlen(name);
    return strncasecmp(host, name, length) == 0 && (host[length] == '\0' || strcmp(host + length, ".") == 0);
}

static bool is_port(const char *text)
{
    return text[0] == '\0' || (text[0] == ':' && text[1 + strspn(text + 1, DIGITS)] == '\0');
}

static bool is_address(int family, const char *text)
{
    struct in6_addr address;
    return inet_pton(family, text, &address) == 1;
}

bool host_is_ours(const char *value, const char *const *names, size_t name_count)
{
    bool bracketed = value[0] == '[';
    const char *start = value + bracketed;
    size_t length = strcspn(start, bracketed ? "]" : ":");
    if (length >= HOST_MAX || (bracketed && start[length] != ']') || !is_port(start + length + bracketed))
        return false;
    char host[HOST_MAX];
    memcpy(host, start, length);
    host[length] = '\0';

    if (bracketed)
        return is_address(AF_INET6, host);
    if (is_address(AF_INET, host) || is_name(host, "localhost"))
        return true;
    for (size_t i = 0; i < name_count; i++)
        if (is_name(host, names[i]))
            return true;
    return false;
}
