#include "negotiation.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define SPACE " \t"
#define QUALITY_BEST 1000
#define QUALITY_NONE 0
#define QUALITY_MALFORMED (-1)

/* A part of a header line. */
struct part {
    const char *text;
    size_t length;
};

static bool part_is(struct part part, const char *text)
{
    return part.length == strlen(text) && strncasecmp(part.text, text, part.length) == 0;
}

static struct part trimmed(struct part part)
{
    while (part.length > 0 && strchr(SPACE, part.text[0]) != NULL) {
        part.text++;
        part.length--;
    }
    while (part.length > 0 && strchr(SPACE, part.text[part.length - 1]) != NULL)
        part.length--;
    return part;
}

static struct part without_quotes(struct part part)
{
    if (part.length >= 2 && part.text[0] == '"' && part.text[part.length - 1] == '"')
        return (struct part){part.text + 1, part.length - 2};
    return part;
}

/* Takes what stands before the separator, which counts outside of quotes only, off rest; false when rest is empty. */
static bool take_part(struct part *rest, char separator, struct part *ret_part)
{
    if (rest->length == 0)
        return false;
    size_t end = 0;
    for (bool quoted = false; end < rest->length && (quoted || rest->text[end] != separator); end++)
        if (rest->text[end] == '"')
            quoted = !quoted;
    *ret_part = trimmed((struct part){rest->text, end});
    size_t taken = end < rest->length ? end + 1 : end;
    rest->text += taken;
    rest->length -= taken;
    return true;
}

/* "0", "0.5", "0.125", "1", "1.000": in thousandths. */
static int read_quality(struct part part)
{
    if (part.length == 0 || part.length > strlen("0.000") || (part.length > 1 && part.text[1] != '.'))
        return QUALITY_MALFORMED;
    int quality = 0;
    int worth = QUALITY_BEST;
    for (size_t i = 0; i < part.length; i++) {
        if (i == 1)
            continue;
        if (part.text[i] < '0' || part.text[i] > '9')
            return QUALITY_MALFORMED;
        quality += (part.text[i] - '0') * worth;
        worth /= 10;
    }
    return quality <= QUALITY_BEST ? quality : QUALITY_MALFORMED;
}

/* One element of Accept or Accept-Encoding. */
struct element {
    struct part name;    /* a range of media types, or a coding */
    struct part version; /* without quotes; empty: not given */
    int quality;         /* QUALITY_NONE: refused */
};

static bool next_element(struct part *list, struct element *ret_element)
{
    struct part rest;
    while (take_part(list, ',', &rest)) {
        struct element element = {.quality = QUALITY_BEST};
        if (!take_part(&rest, ';', &element.name))
            continue;
        for (struct part value; take_part(&rest, ';', &value);) {
            struct part name;
            if (!take_part(&value, '=', &name))
                continue;
            if (part_is(name, "q"))
                element.quality = read_quality(value);
            else if (part_is(name, "version"))
                element.version = without_quotes(value);
        }
        if (element.quality != QUALITY_MALFORMED) {
            *ret_element = element;
            return true;
        }
    }
    return false;
}

/* What a line says of one thing: the most exact of its elements that mean it counts, and the best of equals. */
struct preference {
    int exactness; /* 0: no element means it */
    int quality;
};

static void prefer(struct preference *preference, int exactness, int quality)
{
    if (exactness == 0)
        return;
    if (exactness > preference->exactness || (exactness == preference->exactness && quality > preference->quality))
        *preference = (struct preference){exactness, quality};
}

static bool is_preferred(struct preference one, struct preference other)
{
    return one.quality > other.quality || (one.quality == other.quality && one.exactness > other.exactness);
}

struct media_type {
    const char *name;
    const char *all; /* of its kind */
    const char *version;
};

static int media_exactness(const struct element *element, const struct media_type *type)
{
    if (part_is(element->name, type->name))
        return element->version.length == 0 ? 3 : part_is(element->version, type->version) ? 4 : 0;
    return part_is(element->name, type->all) ? 2 : part_is(element->name, "*/*") ? 1 : 0;
}

bool negotiation_prefers_openmetrics(const char *accept)
{
    static const struct media_type openmetrics = {"application/openmetrics-text", "application/*", "1.0.0"};
    static const struct media_type prometheus = {"text/plain", "text/*", "0.0.4"};
    struct preference of_openmetrics = {0};
    struct preference of_prometheus = {0};
    struct part list = {accept, strlen(accept)};
    for (struct element element; next_element(&list, &element);) {
        prefer(&of_openmetrics, media_exactness(&element, &openmetrics), element.quality);
        prefer(&of_prometheus, media_exactness(&element, &prometheus), element.quality);
    }
    return of_openmetrics.quality > QUALITY_NONE && is_preferred(of_openmetrics, of_prometheus);
}

static int coding_exactness(const struct element *element, const char *coding, const char *alias)
{
    return part_is(element->name, coding) || part_is(element->name, alias) ? 2 : part_is(element->name, "*") ? 1 : 0;
}

bool negotiation_prefers_gzip(const char *accept_encoding)
{
    struct preference of_gzip = {0};
    struct preference of_identity = {0};
    struct part list = {accept_encoding, strlen(accept_encoding)};
    for (struct element element; next_element(&list, &element);) {
        prefer(&of_gzip, coding_exactness(&element, "gzip", "x-gzip"), element.quality);
        if (part_is(element.name, "identity"))
            prefer(&of_identity, 1, element.quality);
    }
    return of_gzip.quality > QUALITY_NONE && of_gzip.quality >= of_identity.quality;
}

bool negotiation_has_tag(const char *if_none_match, const char *tag)
{
    struct part list = {if_none_match, strlen(if_none_match)};
    for (struct part element; take_part(&list, ',', &element);) {
        if (part_is(element, "*"))
            return true;
        if (element.length > 2 && strncmp(element.text, "W/", 2) == 0)
            element = (struct part){element.text + 2, element.length - 2};
        if (element.length == strlen(tag) && memcmp(element.text, tag, element.length) == 0)
            return true;
    }
    return false;
}
