#include "scan.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

bool scan_is_word(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_';
}

bool scan_is_one_of(char byte, const char *bytes)
{
    return memchr(bytes, byte, strlen(bytes)) != NULL;
}

static bool is_word_start(struct scan_line line, const char *at)
{
    return at == line.begin || !scan_is_word(at[-1]);
}

static bool is_word_end(struct scan_line line, const char *at)
{
    return at == line.end || !scan_is_word(*at);
}

bool scan_starts_with(struct scan_line line, const char *at, const char *text)
{
    size_t length = strlen(text);
    return (size_t)(line.end - at) >= length && strncasecmp(at, text, length) == 0;
}

const char *scan_skip(struct scan_line line, const char *at, const char *bytes, ptrdiff_t max)
{
    const char *from = at;
    while (at < line.end && at - from < max && scan_is_one_of(*at, bytes))
        at++;
    return at;
}

const char *scan_skip_back(struct scan_line line, const char *at, const char *bytes, ptrdiff_t max)
{
    const char *from = at;
    while (at > line.begin && from - at < max && scan_is_one_of(at[-1], bytes))
        at--;
    return at;
}

static const char *find(struct scan_line line, const char *from, const char *text, size_t length)
{
    for (const char *at = from; (size_t)(line.end - at) >= length; at++)
        if (tolower((unsigned char)*at) == *text && is_word_start(line, at) && strncasecmp(at, text, length) == 0)
            return at + length;
    return NULL;
}

const char *scan_find(struct scan_line line, const char *from, const char *text)
{
    return find(line, from, text, strlen(text));
}

bool scan_has(struct scan_line line, const char *phrase)
{
    size_t length = strlen(phrase);
    bool open = phrase[length - 1] == '*';
    const char *end = line.begin;
    while ((end = find(line, end, phrase, open ? length - 1 : length)) != NULL)
        if (open || is_word_end(line, end))
            return true;
    return false;
}

const char *scan_port(struct scan_line line, const char *at, uint16_t *ret_port)
{
    const char *end = scan_skip(line, at, "0123456789", 6);
    uint32_t port = 0;
    for (const char *digit = at; digit < end; digit++)
        port = port * 10 + (uint32_t)(*digit - '0');
    bool fraction = line.end - end >= 2 && *end == '.' && isdigit((unsigned char)end[1]);
    if (end == at || *at == '0' || port > UINT16_MAX || fraction || !is_word_end(line, end))
        return NULL;
    *ret_port = (uint16_t)port;
    return end;
}

const char *scan_protocol(struct scan_line line, const char *at, enum protocol *ret_protocol)
{
    bool udp = scan_starts_with(line, at, "udp");
    if (!is_word_start(line, at) || (!udp && !scan_starts_with(line, at, "tcp")))
        return NULL;
    const char *end = scan_skip(line, at + 3, "46", 1);
    if (!is_word_end(line, end))
        return NULL;
    *ret_protocol = udp ? PROTOCOL_UDP : PROTOCOL_TCP;
    return end;
}

bool scan_address(const char *begin, const char *end, struct endpoint *endpoint)
{
    char text[SCAN_HOST_MAX];
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
    bool link_local = ipv6.bytes[0] == 0xfe && (ipv6.bytes[1] & 0xc0) == 0x80;
    endpoint->any_address = zone != NULL || link_local;
    endpoint->address = is_ipv4 ? ipv4 : address_unmapped(&ipv6);
    return true;
}

/* "db.example:80" names a host only where a host must stand; elsewhere it may be a file and a line, or an image. */
static bool is_host_name(struct scan_line line, const char *begin, const char *end)
{
    static const char *const names[] = {"localhost", "any", "undef"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (begin + strlen(names[i]) == end && scan_starts_with(line, begin, names[i]))
            return true;
    enum protocol protocol;
    if (scan_protocol(line, begin, &protocol) == end)
        return true;
    if (begin - line.begin >= 3 && memcmp(begin - 3, "://", 3) == 0)
        return true;
    if (begin == line.begin || begin[-1] != ' ')
        return false;
    const char *word = scan_skip_back(line, begin - 1, SCAN_NAME_BYTES, SCAN_HOST_MAX);
    return scan_protocol(line, word, &protocol) == begin - 1;
}

const char *scan_host_before(struct scan_line line, const char *end, struct endpoint *endpoint)
{
    if (end == line.begin)
        return NULL;
    if (scan_is_one_of(end[-1], "*+")) /* .NET writes http://+:80 */
        return is_word_start(line, end - 1) ? end - 1 : NULL;

    bool bracketed = end[-1] == ']';
    const char *close = bracketed ? end - 1 : end;
    const char *bytes = bracketed ? SCAN_ADDRESS_BYTES SCAN_NAME_BYTES "%" : SCAN_ADDRESS_BYTES;
    const char *begin = scan_skip_back(line, close, bytes, SCAN_HOST_MAX);
    if (bracketed && (begin == line.begin || begin[-1] != '['))
        return NULL;
    if (is_word_start(line, begin) && scan_address(begin, close, endpoint))
        return bracketed ? begin - 1 : begin;
    begin = scan_skip_back(line, close, SCAN_NAME_BYTES, SCAN_HOST_MAX);
    return is_host_name(line, begin, close) ? begin : NULL;
}
