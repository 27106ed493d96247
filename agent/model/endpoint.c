#include "model/endpoint.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "base/parse.h"

#define TEXT_MAX 128
#define QUOTE_MAX 40

const char *protocol_name(enum protocol protocol)
{
    switch (protocol) {
    case PROTOCOL_TCP:
        return "tcp";
    case PROTOCOL_UDP:
        return "udp";
    }
    return "unknown";
}

const char *family_name(enum family family)
{
    switch (family) {
    case FAMILY_IPV4:
        return "ipv4";
    case FAMILY_IPV6:
        return "ipv6";
    }
    return "unknown";
}

bool address_equal(const struct address *left, const struct address *right)
{
    return left->family == right->family && memcmp(left->bytes, right->bytes, sizeof(left->bytes)) == 0;
}

bool address_is_wildcard(const struct address *address)
{
    static const uint8_t zero[sizeof(address->bytes)];
    return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

bool address_is_loopback(const struct address *address)
{
    static const struct address ipv6_loopback = {.family = FAMILY_IPV6, .bytes = {[15] = 1}};
    struct address unmapped = address_unmapped(address);
    return unmapped.family == FAMILY_IPV4 ? unmapped.bytes[0] == 127 : address_equal(&unmapped, &ipv6_loopback);
}

struct address address_unmapped(const struct address *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (address->family != FAMILY_IPV6 || memcmp(address->bytes, mapped, sizeof(mapped)) != 0)
        return *address;
    struct address ipv4 = {.family = FAMILY_IPV4};
    memcpy(ipv4.bytes, address->bytes + sizeof(mapped), 4);
    return ipv4;
}

void address_format(const struct address *address, char ret_text[static ADDRESS_TEXT_MAX])
{
    int family = address->family == FAMILY_IPV4 ? AF_INET : AF_INET6;
    (void)inet_ntop(family, address->bytes, ret_text, ADDRESS_TEXT_MAX);
}

bool endpoint_equal(const struct endpoint *left, const struct endpoint *right)
{
    if (left->protocol != right->protocol || left->port != right->port || left->any_address != right->any_address)
        return false;
    return left->any_address || address_equal(&left->address, &right->address);
}

int endpoint_order(const struct endpoint *left, const struct endpoint *right)
{
    if (left->protocol != right->protocol)
        return left->protocol < right->protocol ? -1 : 1;
    if (left->port != right->port)
        return left->port < right->port ? -1 : 1;
    if (left->any_address || right->any_address)
        return (int)right->any_address - (int)left->any_address;
    if (left->address.family != right->address.family)
        return left->address.family < right->address.family ? -1 : 1;
    return memcmp(left->address.bytes, right->address.bytes, sizeof(left->address.bytes));
}

size_t endpoint_addresses(const struct endpoint *endpoint, struct address ret_addresses[static ENDPOINT_ADDRESSES_MAX])
{
    if (!endpoint->any_address) {
        ret_addresses[0] = endpoint->address;
        return 1;
    }
    ret_addresses[0] = (struct address){.family = FAMILY_IPV4};
    ret_addresses[1] = (struct address){.family = FAMILY_IPV6};
    return 2;
}

static bool find_protocol(const char *name, size_t length, enum protocol *ret_protocol)
{
    for (enum protocol protocol = PROTOCOL_TCP; protocol <= PROTOCOL_UDP; protocol++) {
        const char *known = protocol_name(protocol);
        if (strlen(known) == length && strncasecmp(name, known, length) == 0) {
            *ret_protocol = protocol;
            return true;
        }
    }
    return false;
}

/* Takes "tcp:" from the front of *text, or "/tcp" from its end. */
static int take_protocol(char **text, enum protocol *ret_protocol, struct error *error)
{
    size_t length = strcspn(*text, ":");
    bool prefixed = (*text)[length] == ':' && find_protocol(*text, length, ret_protocol);
    if (prefixed)
        *text += length + 1;

    char *slash = strrchr(*text, '/');
    if (slash == NULL)
        return 0;
    if (!find_protocol(slash + 1, strlen(slash + 1), ret_protocol))
        return error_set(error, -EINVAL, "the protocol behind / is tcp or udp, as in 53/udp");
    if (prefixed)
        return error_set(error, -EINVAL, "the protocol is given twice: give it once, as in udp:53");
    *slash = '\0';
    return 0;
}

/* Cuts text in two, "" when there is no address. Of brackets the opening one stays, as the mark of IPv6. */
static int split(char *text, const char **ret_address, char **ret_port, struct error *error)
{
    char *colon = strrchr(text, ':');
    if (*text == '[') {
        char *end = strchr(text, ']');
        if (end == NULL || end[1] != ':')
            return error_set(error, -EINVAL, "a port follows the address in brackets, as in [::1]:80");
        *end = '\0';
        colon = end + 1;
    } else if (strchr(text, ':') != colon) {
        return error_set(error, -EINVAL, "more than one colon: put IPv6 addresses in brackets, as in [::1]:80");
    }

    if (colon == NULL) {
        struct in_addr ipv4;
        if (inet_pton(AF_INET, text, &ipv4) == 1)
            return error_set(error, -EINVAL, "the port is missing: give it behind the address, as in %s:80", text);
        *ret_address = "";
        *ret_port = text;
        return 0;
    }
    *colon = '\0';
    *ret_address = text;
    *ret_port = colon + 1;
    return 0;
}

static int read_port(const char *text, uint16_t *ret_port, struct error *error)
{
    uint64_t port = 0;
    int result = parse_uint(text, UINT16_MAX, &port);
    if (result < 0 || port == 0)
        return error_set(error, -EINVAL, "a port is a number from 1 to 65535, as in 8080");
    if (*text == '0')
        return error_set(error, -EINVAL, "a port has no leading zero: give it as %u", (unsigned)port);
    *ret_port = (uint16_t)port;
    return 0;
}

static int read_ports(char *text, struct endpoint_range *range, struct error *error)
{
    if (*text == '\0')
        return error_set(error, -EINVAL, "the port is missing: give 1 to 65535, as in 8080");
    char *last = strchr(text, '-');
    if (last != NULL)
        *last++ = '\0';
    if (last != NULL && (*text == '\0' || *last == '\0'))
        return error_set(error, -EINVAL, "a range has two ends, as in 8000-8010");

    struct endpoint *first = &range->first;
    int result = read_port(text, &first->port, error);
    if (result == 0)
        result = read_port(last != NULL ? last : text, &range->last_port, error);
    if (result == 0 && first->port > range->last_port)
        result = error_set(error, -EINVAL, "the range is reversed: give it as %u-%u", range->last_port, first->port);
    return result;
}

static bool is_link_local(const struct address *address)
{
    return address->family == FAMILY_IPV6 && address->bytes[0] == 0xfe && (address->bytes[1] & 0xc0) == 0x80;
}

static int read_ipv6(const char *text, struct endpoint *endpoint, struct error *error)
{
    struct address address = {.family = FAMILY_IPV6};
    bool scoped = strchr(text, '%') != NULL;
    if (!scoped && inet_pton(AF_INET6, text, address.bytes) != 1)
        return error_set(error, -EINVAL, "no IPv6 address in the brackets: give one as in [::1]:%u", endpoint->port);
    if (scoped || is_link_local(&address))
        return error_set(error, -EINVAL,
                         "addresses that belong to one interface (fe80::/10, %%eth0) are not supported: give another, "
                         "as in [::1]:%u",
                         endpoint->port);
    endpoint->address = address_unmapped(&address);
    return 0;
}

/* Comes after the port, which the reasons show in their example. */
static int read_address(const char *text, struct endpoint *endpoint, struct error *error)
{
    endpoint->any_address = *text == '\0' || strcmp(text, "*") == 0;
    if (endpoint->any_address)
        return 0;
    if (*text == '[')
        return read_ipv6(text + 1, endpoint, error);
    endpoint->address.family = FAMILY_IPV4;
    if (inet_pton(AF_INET, text, endpoint->address.bytes) == 1)
        return 0;
    if (text[strspn(text, "0123456789.")] == '\0')
        return error_set(error, -EINVAL, "an IPv4 address has four numbers from 0 to 255, as in 127.0.0.1:%u",
                         endpoint->port);
    return error_set(error, -EINVAL, "host names are not resolved: give an address, as in 127.0.0.1:%u",
                     endpoint->port);
}

static int read_range(const char *text, struct endpoint_range *range, struct error *error)
{
    char copy[TEXT_MAX];
    size_t length = strlen(text);
    if (length >= sizeof(copy))
        return error_set(error, -EINVAL, "too long for an endpoint: give an address and a port, as in 127.0.0.1:80");
    memcpy(copy, text, length + 1);

    char *rest = copy;
    const char *address = NULL;
    char *port = NULL;
    int result = take_protocol(&rest, &range->first.protocol, error);
    if (result == 0)
        result = split(rest, &address, &port, error);
    if (result == 0)
        result = read_ports(port, range, error);
    if (result == 0)
        result = read_address(address, &range->first, error);
    return result;
}

/* What was typed may hold anything, and goes to a terminal: only printable ASCII stays. */
static void quote(const char *text, char ret_quoted[static QUOTE_MAX + 4])
{
    size_t length = strnlen(text, QUOTE_MAX);
    for (size_t i = 0; i < length; i++)
        ret_quoted[i] = text[i] < ' ' || text[i] > '~' ? '?' : text[i];
    memcpy(ret_quoted + length, text[length] == '\0' ? "" : "...", text[length] == '\0' ? 1 : 4);
}

int endpoint_parse(const char *text, struct endpoint_range *ret_range, struct error *error)
{
    struct endpoint_range range = {.first.protocol = PROTOCOL_TCP};
    int result = read_range(text, &range, error);
    if (result < 0) {
        char quoted[QUOTE_MAX + 4];
        quote(text, quoted);
        error_prefix(error, "\"%s\"", quoted);
        return result;
    }
    *ret_range = range;
    return 0;
}

void endpoint_format(const struct endpoint *endpoint, char ret_text[static ENDPOINT_TEXT_MAX])
{
    const char *protocol = protocol_name(endpoint->protocol);
    if (endpoint->any_address) {
        (void)snprintf(ret_text, ENDPOINT_TEXT_MAX, "%u/%s", endpoint->port, protocol);
        return;
    }
    char address[ADDRESS_TEXT_MAX];
    address_format(&endpoint->address, address);
    bool bracketed = endpoint->address.family == FAMILY_IPV6;
    (void)snprintf(ret_text, ENDPOINT_TEXT_MAX, "%s%s%s:%u/%s", bracketed ? "[" : "", address, bracketed ? "]" : "",
                   endpoint->port, protocol);
}

void endpoint_address_format(const struct endpoint *endpoint, char ret_text[static ADDRESS_TEXT_MAX])
{
    if (endpoint->any_address)
        (void)snprintf(ret_text, ADDRESS_TEXT_MAX, "*");
    else
        address_format(&endpoint->address, ret_text);
}
