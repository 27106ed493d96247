#include "message_scan.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <strings.h>

/* Longest name or address that is looked at: keeps the work at each byte bounded. */
#define HOST_MAX 64
/* Most punctuation between a word and its value, as in `port: "80"`. */
#define GAP_MAX 8

#define NAME_BYTES "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._"
#define ADDRESS_BYTES "0123456789abcdefABCDEF:."

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_';
}

static bool is_one_of(char byte, const char *bytes)
{
    return memchr(bytes, byte, strlen(bytes)) != NULL;
}

static bool is_word_start(struct message_line line, const char *at)
{
    return at == line.begin || !is_word(at[-1]);
}

static bool starts_with(struct message_line line, const char *at, const char *word)
{
    size_t length = strlen(word);
    return (size_t)(line.end - at) >= length && strncasecmp(at, word, length) == 0;
}

static bool is_text(const char *begin, const char *end, const char *text)
{
    return (size_t)(end - begin) == strlen(text) && strncasecmp(begin, text, strlen(text)) == 0;
}

/* Over at most max of these bytes. */
static const char *skip(struct message_line line, const char *at, const char *bytes, ptrdiff_t max)
{
    const char *from = at;
    while (at < line.end && at - from < max && is_one_of(*at, bytes))
        at++;
    return at;
}

static const char *skip_back(struct message_line line, const char *at, const char *bytes, ptrdiff_t max)
{
    const char *from = at;
    while (at > line.begin && from - at < max && is_one_of(at[-1], bytes))
        at--;
    return at;
}

/* Behind the next word that begins so, or NULL. */
static const char *find(struct message_line line, const char *from, const char *word)
{
    for (const char *at = from; at < line.end; at++)
        if (starts_with(line, at, word) && is_word_start(line, at))
            return at + strlen(word);
    return NULL;
}

bool message_scan_phrase(struct message_line line, const char *phrase)
{
    size_t length = strlen(phrase);
    bool open = phrase[length - 1] == '*';
    char word[HOST_MAX];
    memcpy(word, phrase, length);
    word[open ? length - 1 : length] = '\0';
    for (const char *end = line.begin; (end = find(line, end, word)) != NULL;)
        if (open || end == line.end || !is_word(*end))
            return true;
    return false;
}

/* A port: 1 to 65535 without leading zero, no part of a longer word or of a decimal fraction. */
static bool read_port(struct message_line line, const char *at, uint16_t *ret_port, const char **ret_end)
{
    uint32_t port = 0;
    const char *end = at;
    for (; end < line.end && end - at < 5 && is_digit(*end); end++)
        port = port * 10 + (uint32_t)(*end - '0');
    if (end == at || *at == '0' || port > UINT16_MAX || (end < line.end && is_word(*end)))
        return false;
    if (line.end - end >= 2 && *end == '.' && is_digit(end[1]))
        return false;
    *ret_port = (uint16_t)port;
    *ret_end = end;
    return true;
}

/* The time of day 19:04:12 and app.js:16:5 have two colons. */
static bool goes_on(struct message_line line, const char *end)
{
    return line.end - end >= 2 && *end == ':' && is_digit(end[1]);
}

/* An address of one interface stands for any: it cannot be asked about without that interface. */
static bool read_address(const char *begin, const char *end, struct endpoint *endpoint)
{
    char text[HOST_MAX];
    size_t length = (size_t)(end - begin);
    if (length >= sizeof(text))
        return false;
    memcpy(text, begin, length);
    text[length] = '\0';
    char *zone = strchr(text, '%');
    if (zone != NULL)
        *zone = '\0';

    struct address ipv4 = {.family = FAMILY_IPV4};
    struct address ipv6 = {.family = FAMILY_IPV6};
    bool is_ipv4 = inet_pton(AF_INET, text, ipv4.bytes) == 1;
    if (!is_ipv4 && inet_pton(AF_INET6, text, ipv6.bytes) != 1)
        return false;
    bool link_local = !is_ipv4 && ipv6.bytes[0] == 0xfe && (ipv6.bytes[1] & 0xc0) == 0x80;
    endpoint->any_address = zone != NULL || link_local;
    endpoint->address = is_ipv4 ? ipv4 : address_unmapped(&ipv6);
    return true;
}

/* Behind "tcp", "udp4" and the like, or NULL. */
static const char *read_protocol(struct message_line line, const char *at, enum protocol *ret_protocol)
{
    bool udp = starts_with(line, at, "udp");
    if (!is_word_start(line, at) || (!udp && !starts_with(line, at, "tcp")))
        return NULL;
    const char *end = skip(line, at + 3, "46", 1);
    if (end < line.end && is_word(*end))
        return NULL;
    *ret_protocol = udp ? PROTOCOL_UDP : PROTOCOL_TCP;
    return end;
}

/* "db.example:80" names a host only where a host must stand; elsewhere it may be a file and a line, or an image. */
static bool is_host_name(struct message_line line, const char *begin, const char *end)
{
    static const char *const names[] = {"localhost", "any", "undef"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (is_text(begin, end, names[i]))
            return true;
    enum protocol protocol;
    if (read_protocol(line, begin, &protocol) == end)
        return true;
    if (begin - line.begin >= 3 && memcmp(begin - 3, "://", 3) == 0)
        return true;
    if (begin == line.begin || begin[-1] != ' ')
        return false;
    const char *word = skip_back(line, begin - 1, NAME_BYTES, HOST_MAX);
    return read_protocol(line, word, &protocol) == begin - 1;
}

/* Reads the host that ends at end into an endpoint of any address; returns where it begins, or NULL. */
static const char *read_host(struct message_line line, const char *end, struct endpoint *endpoint)
{
    if (end == line.begin)
        return NULL;
    if (end[-1] == '*' || end[-1] == '+') /* .NET writes http://+:80 */
        return is_word_start(line, end - 1) ? end - 1 : NULL;

    bool bracketed = end[-1] == ']';
    const char *close = bracketed ? end - 1 : end;
    const char *begin = skip_back(line, close, bracketed ? ADDRESS_BYTES NAME_BYTES "%" : ADDRESS_BYTES, HOST_MAX);
    if (bracketed && (begin == line.begin || begin[-1] != '['))
        return NULL;
    if (is_word_start(line, begin) && read_address(begin, close, endpoint))
        return bracketed ? begin - 1 : begin;
    begin = skip_back(line, close, NAME_BYTES, HOST_MAX);
    return is_host_name(line, begin, close) ? begin : NULL;
}

/* Node.js and redis write IPv6 addresses without brackets, and join the port to them: "::1:3000". */
static bool joins_ipv6(struct message_line line)
{
    return message_scan_phrase(line, "listen ea*") || message_scan_phrase(line, "bind ea*") ||
           message_scan_phrase(line, "connect ea*") || message_scan_phrase(line, "listening socket");
}

/* True when a colon here opens ":8080", and does not close a key as in "line":80. */
static bool opens(struct message_line line, const char *at)
{
    if (at == line.begin || is_one_of(at[-1], " \t([{<=|"))
        return true;
    return is_one_of(at[-1], "\"'`") && (at - 1 == line.begin || !is_word(at[-2]));
}

/* A place of the line that names an endpoint. */
struct place {
    const char *begin;
    const char *end; /* behind the port */
    struct endpoint endpoint;
    bool bare; /* a port only */
};

/* "HOST:PORT" and ":PORT"; with "#" as BIND writes it. */
static bool read_pair(struct message_line line, bool joins, struct place *place)
{
    struct endpoint *endpoint = &place->endpoint;
    if (!read_port(line, place->begin + 1, &endpoint->port, &place->end))
        return false;
    const char *host = read_host(line, place->begin, endpoint);
    if (host == NULL && (*place->begin != ':' || !opens(line, place->begin)))
        return false;
    if (endpoint->any_address)
        return !goes_on(line, place->end);
    struct endpoint whole = {0};
    return *host == '[' || joins || !read_address(host, place->end, &whole);
}

/* "('127.0.0.1', 8080)", "('', 8080)", "(*, 143)". */
static bool read_tuple(struct message_line line, struct place *place)
{
    const char *comma = place->begin;
    const char *port = skip(line, comma + 1, " ", GAP_MAX);
    if (!read_port(line, port, &place->endpoint.port, &place->end))
        return false;
    if (place->end == line.end || !is_one_of(*place->end, "),"))
        return false;

    bool quoted = comma > line.begin && is_one_of(comma[-1], "'\"");
    const char *close = quoted ? comma - 1 : comma;
    const char *open = read_host(line, close, &place->endpoint);
    if (open == NULL && quoted)
        open = skip_back(line, close, NAME_BYTES, HOST_MAX);
    if (open == NULL || (quoted && (open == line.begin || *--open != *close)))
        return false;
    return open > line.begin && open[-1] == '(';
}

static bool find_pair(struct message_line line, bool outgoing, struct place *ret_place)
{
    bool joins = joins_ipv6(line);
    for (const char *at = line.begin; at < line.end; at++) {
        struct place place = {.begin = at, .endpoint = {.any_address = true}};
        bool found = *at == ',' ? read_tuple(line, &place) : is_one_of(*at, ":#") && read_pair(line, joins, &place);
        if (found && !(outgoing && starts_with(line, place.end, "->"))) {
            *ret_place = place;
            return true;
        }
    }
    return false;
}

/* An address here, or behind some punctuation. */
static bool read_address_ahead(struct message_line line, const char *at, struct endpoint *endpoint)
{
    const char *last = skip(line, at, " \"'`([=:", GAP_MAX);
    for (; at <= last; at++) {
        const char *end = skip(line, at, ADDRESS_BYTES, HOST_MAX);
        if (read_address(at, end, endpoint))
            return true;
        if (end > at && is_one_of(end[-1], ".:") && read_address(at, end - 1, endpoint))
            return true;
    }
    return false;
}

/* The address of a port: right before it ("0.0.0.0 port 25"), else somewhere behind ("port 22 on ::"). */
static void find_address(struct message_line line, struct place *place)
{
    static const char *const words[] = {"on ", "address", "inet_addr(", "af_inet6, "};
    const char *close = skip_back(line, place->begin, " \"',`", GAP_MAX);
    place->bare = read_host(line, close, &place->endpoint) == NULL;
    for (size_t i = 0; place->bare && i < sizeof(words) / sizeof(words[0]); i++) {
        const char *at = find(line, place->end, words[i]);
        place->bare = at == NULL || !read_address_ahead(line, at, &place->endpoint);
    }
}

static bool find_port(struct message_line line, struct place *ret_place)
{
    /* Those of Java: a connector of Tomcat, of its older versions, Elasticsearch, RMI; "htons(" is strace. */
    static const char *const words[] = {"port", "nio-", "http/1.1-", "bind to [", "in use: ", "htons("};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        for (const char *at = line.begin; (at = find(line, at, words[i])) != NULL;) {
            struct place place = {.begin = at - strlen(words[i]), .endpoint = {.any_address = true}};
            const char *number = skip(line, at, " \t\"'`:=#,(", GAP_MAX);
            bool apart = number > at || !is_word(at[-1]); /* unlike the network interface port1 */
            if (apart && read_port(line, number, &place.endpoint.port, &place.end) && !goes_on(line, place.end)) {
                find_address(line, &place);
                *ret_place = place;
                return true;
            }
        }
    return false;
}

/* The last protocol that is said before, or with, the port; else the first behind it. "TCP/UDP" says none. */
static enum protocol protocol_of(struct message_line line, const char *end)
{
    enum protocol said = PROTOCOL_TCP;
    bool any = false;
    for (const char *at = line.begin; at < line.end && !(any && at > end + 1); at++) {
        enum protocol protocol;
        if (read_protocol(line, at, &protocol) == NULL || (at - line.begin >= 4 && starts_with(line, at - 4, "tcp/")))
            continue;
        said = protocol;
        any = true;
    }
    return said;
}

bool message_scan_endpoint(struct message_line line, bool outgoing, struct endpoint *ret_endpoint, bool *ret_bare)
{
    struct place pair;
    struct place port;
    bool has_pair = find_pair(line, outgoing, &pair);
    bool has_port = find_port(line, &port);
    if (!has_pair && !has_port)
        return false;
    bool take_pair = has_pair && (!has_port || pair.begin < port.begin || pair.endpoint.port == port.endpoint.port);
    struct place place = take_pair ? pair : port;
    place.endpoint.protocol = protocol_of(line, place.end);
    *ret_endpoint = place.endpoint;
    *ret_bare = place.bare;
    return true;
}

bool message_scan_address(struct message_line line, struct endpoint *ret_endpoint)
{
    for (const char *at = line.begin; (at = find(line, at, "address")) != NULL;)
        if (read_address_ahead(line, at, ret_endpoint))
            return true;
    return false;
}

/* "errno 98", "os error 98", "WinError 10048", "(98: …)", "(98)". */
static bool is_stated(struct message_line line, const char *begin, const char *end)
{
    if (begin > line.begin && begin[-1] == '(' && end < line.end && is_one_of(*end, ":)"))
        return true;
    const char *close = skip_back(line, begin, " :=-[(", GAP_MAX);
    return close != begin && close - line.begin >= 5 &&
           (is_text(close - 5, close, "errno") || is_text(close - 5, close, "error"));
}

unsigned message_scan_errno(struct message_line line, const char **cursor)
{
    for (const char *at = *cursor; at < line.end; at++) {
        uint16_t number;
        const char *end;
        if (is_word_start(line, at) && read_port(line, at, &number, &end) && is_stated(line, at, end)) {
            *cursor = end;
            return number;
        }
    }
    return 0;
}
