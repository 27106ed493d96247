#include "watches.h"

#include <errno.h>

#define WATCHES_MAX 131072 /* every port of both protocols */

static int add(struct options *options, const struct watch *watch, struct error *error)
{
    if (options->watch_count == WATCHES_MAX)
        return error_set(error, -EINVAL, "more than %d endpoints: give those that matter", WATCHES_MAX);
    /* Room for a power of two: full when the count is one. */
    if ((options->watch_count & (options->watch_count - 1)) == 0) {
        size_t room = options->watch_count > 0 ? options->watch_count * 2 : 1;
        struct watch *longer = reallocarray(options->watches, room, sizeof(*longer));
        if (longer == NULL)
            return -ENOMEM;
        options->watches = longer;
    }
    options->watches[options->watch_count] = *watch;
    options->watches[options->watch_count].given_at = options->watch_count;
    options->watch_count++;
    return 0;
}

int watches_add(struct options *options, const char *text, struct error *error)
{
    cleanup(cleanup_free) char *range_text = strdup(text);
    if (range_text == NULL)
        return -ENOMEM;
    struct watch watch = {.expected = EXPECTED_NOTHING};
    char *expectation = strchr(range_text, '=');
    if (expectation != NULL) {
        *expectation++ = '\0';
        if (strcmp(expectation, "listening") == 0)
            watch.expected = EXPECTED_LISTENING;
        else if (strcmp(expectation, "free") == 0)
            watch.expected = EXPECTED_FREE;
        else
            return error_set(error, -EINVAL, "\"%.40s\" can be expected of no port: give 8080=listening or 8080=free",
                             expectation);
    }
    struct endpoint_range range;
    int r = endpoint_parse(range_text, &range, error);
    for (uint32_t port = range.first.port; r == 0 && port <= range.last_port; port++) {
        watch.endpoint = range.first;
        watch.endpoint.port = (uint16_t)port;
        r = add(options, &watch, error);
    }
    return r;
}

static int by_endpoint(const void *left, const void *right)
{
    const struct watch *l = left;
    const struct watch *r = right;
    int order = endpoint_order(&l->endpoint, &r->endpoint);
    return order != 0 ? order : (l->given_at > r->given_at) - (l->given_at < r->given_at);
}

void watches_settle(struct options *options)
{
    if (options->watch_count == 0)
        return;
    qsort(options->watches, options->watch_count, sizeof(*options->watches), by_endpoint);
    size_t last = 0;
    for (size_t i = 1; i < options->watch_count; i++) {
        const struct watch *watch = &options->watches[i];
        if (!endpoint_equal(&watch->endpoint, &options->watches[last].endpoint))
            options->watches[++last] = *watch;
        else if (watch->expected != EXPECTED_NOTHING)
            options->watches[last].expected = watch->expected;
    }
    options->watch_count = last + 1;
}

size_t watches_ports(const struct options *options)
{
    size_t count = 0;
    for (size_t i = 0; i < options->watch_count; i++) {
        const struct endpoint *endpoint = &options->watches[i].endpoint;
        const struct endpoint *before = i > 0 ? &options->watches[i - 1].endpoint : NULL;
        if (before == NULL || before->protocol != endpoint->protocol || before->port != endpoint->port)
            count++;
    }
    return count;
}
