#include "message_form.h"

#include <ctype.h>
#include <string.h>

/* A place of the line that names an endpoint. */
struct place {
    const char *begin;
    const char *end; /* behind the port */
    struct endpoint endpoint;
    bool bare;
};

/* The time of day 19:04:12 and app.js:16:5 have two colons. */
static bool goes_on(struct scan_line line, const char *end)
{
    return line.end - end >= 2 && *end == ':' && isdigit((unsigned char)end[1]);
}

/* True when a colon here opens ":8080", and does not close a key as in "line":80. */
static bool opens(struct scan_line line, const char *at)
{
    if (at == line.begin || scan_is_one_of(at[-1], " \t([{<=|"))
        return true;
    return scan_is_one_of(at[-1], "\"'`") && (at - 1 == line.begin || !scan_is_word(at[-2]));
}

/* Node.js and redis join an IPv6 address and its port without brackets: "::1:3000". */
static bool joins_ipv6(struct scan_line line)
{
    return scan_has(line, "listen ea*") || scan_has(line, "bind ea*") || scan_has(line, "connect ea*") ||
           scan_has(line, "listening socket");
}

/* "HOST:PORT" and ":PORT", "HOST#PORT" as BIND writes it. Without joins, "::1:80" is an address and no port. */
static bool read_pair(struct scan_line line, bool joins, struct place *place)
{
    const char *separator = place->begin;
    place->end = scan_port(line, separator + 1, &place->endpoint.port);
    if (place->end == NULL)
        return false;
    const char *host = scan_host_before(line, separator, &place->endpoint);
    if (host == NULL && (*separator != ':' || !opens(line, separator)))
        return false;
    if (place->endpoint.any_address)
        return !goes_on(line, place->end);
    struct endpoint whole;
    return *host == '[' || joins || !scan_address(host, place->end, &whole);
}

/* "('127.0.0.1', 8080)", "('', 8080)", "(*, 143)". */
static bool read_tuple(struct scan_line line, struct place *place)
{
    const char *comma = place->begin;
    place->end = scan_port(line, scan_skip(line, comma + 1, " ", SCAN_GAP_MAX), &place->endpoint.port);
    if (place->end == NULL || place->end == line.end || !scan_is_one_of(*place->end, "),"))
        return false;

    bool quoted = comma > line.begin && scan_is_one_of(comma[-1], "'\"");
    const char *close = quoted ? comma - 1 : comma;
    const char *open = scan_host_before(line, close, &place->endpoint);
    if (open == NULL && quoted)
        open = scan_skip_back(line, close, SCAN_NAME_BYTES, SCAN_HOST_MAX);
    if (open == NULL || (quoted && (open == line.begin || *--open != *close)))
        return false;
    return open > line.begin && open[-1] == '(';
}

static bool find_pair(struct scan_line line, bool outgoing, struct place *ret_place)
{
    bool joins = joins_ipv6(line);
    for (const char *at = line.begin; at < line.end; at++) {
        struct place place = {.begin = at, .endpoint.any_address = true};
        bool found =
            *at == ',' ? read_tuple(line, &place) : scan_is_one_of(*at, ":#") && read_pair(line, joins, &place);
        if (found && !(outgoing && scan_starts_with(line, place.end, "->"))) {
            *ret_place = place;
            return true;
        }
    }
    return false;
}

/* Reads an address here, or behind some punctuation. */
static bool read_address(struct scan_line line, const char *at, struct endpoint *endpoint)
{
    const char *last = scan_skip(line, at, " \"'`([=:", SCAN_GAP_MAX);
    for (; at <= last; at++) {
        const char *end = scan_skip(line, at, SCAN_ADDRESS_BYTES, SCAN_HOST_MAX);
        bool stopped = end > at && scan_is_one_of(end[-1], ".:"); /* by the punctuation of a sentence */
        if (scan_address(at, end, endpoint) || (stopped && scan_address(at, end - 1, endpoint)))
            return true;
    }
    return false;
}

/* The address of a port: right before it ("0.0.0.0 port 25"), else somewhere behind ("port 22 on ::"). */
static void find_address(struct scan_line line, struct place *place)
{
    static const char *const words[] = {"on ", "address", "inet_addr(", "af_inet6, "};
    const char *close = scan_skip_back(line, place->begin, " \"',`", SCAN_GAP_MAX);
    place->bare = scan_host_before(line, close, &place->endpoint) == NULL;
    for (size_t i = 0; place->bare && i < sizeof(words) / sizeof(words[0]); i++) {
        const char *at = scan_find(line, place->end, words[i]);
        place->bare = at == NULL || !read_address(line, at, &place->endpoint);
    }
}

static bool find_port(struct scan_line line, struct place *ret_place)
{
    /* After the first: multiaddr, two connectors of Tomcat, Elasticsearch, RMI, and strace. */
    static const char *const words[] = {"port", "tcp/", "udp/", "nio-", "http/1.1-", "bind to [", "in use: ", "htons("};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        for (const char *at = line.begin; (at = scan_find(line, at, words[i])) != NULL;) {
            struct place place = {.begin = at - strlen(words[i]), .endpoint.any_address = true};
            const char *number = scan_skip(line, at, " \t\"'`:=#,(", SCAN_GAP_MAX);
            if (number == at && scan_is_word(at[-1])) /* the network interface port1 */
                continue;
            place.end = scan_port(line, number, &place.endpoint.port);
            if (place.end == NULL || goes_on(line, place.end))
                continue;
            find_address(line, &place);
            *ret_place = place;
            return true;
        }
    return false;
}

/* The last protocol that is said before, or with, the port; else the first behind it. "TCP/UDP" says none. */
static enum protocol find_protocol(struct scan_line line, const char *port_end)
{
    enum protocol said = PROTOCOL_TCP;
    bool any = false;
    for (const char *at = line.begin; at < line.end && !(any && at > port_end + 1); at++) {
        bool alternative = at - line.begin >= 4 && scan_starts_with(line, at - 4, "tcp/");
        if (!alternative && scan_protocol(line, at, &said) != NULL)
            any = true;
    }
    return said;
}

bool message_form_endpoint(struct scan_line line, bool outgoing, struct endpoint *ret_endpoint, bool *ret_bare)
{
    struct place pair;
    struct place port;
    bool has_pair = find_pair(line, outgoing, &pair);
    bool has_port = find_port(line, &port);
    if (!has_pair && !has_port)
        return false;
    bool take_pair = has_pair && (!has_port || pair.begin < port.begin || pair.endpoint.port == port.endpoint.port);
    struct place place = take_pair ? pair : port;
    place.endpoint.protocol = find_protocol(line, place.end);
    *ret_endpoint = place.endpoint;
    *ret_bare = place.bare;
    return true;
}

bool message_form_address(struct scan_line line, struct endpoint *endpoint)
{
    for (const char *at = line.begin; (at = scan_find(line, at, "address")) != NULL;)
        if (read_address(line, at, endpoint))
            return true;
    return false;
}
