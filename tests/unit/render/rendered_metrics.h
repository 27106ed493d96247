/* The metrics of a report as text, and what tests ask of it. Include after cmocka.h. */
#pragma once

#include <string.h>

#include "render/metrics.h"

static inline char *rendered_as(enum metrics_format format, const struct report *report)
{
    struct buf buf;
    buf_init(&buf, 16 << 20);
    metrics_render(report, format, &buf);
    assert_int_equal(buf.failure, 0);
    return steal_ptr(&buf.data);
}

static inline char *rendered(const struct report *report)
{
    return rendered_as(METRICS_PROMETHEUS, report);
}

static inline void assert_line(const char *text, const char *line)
{
    size_t length = strlen(line);
    const char *found = strstr(text, line);
    while (found != NULL && ((found != text && found[-1] != '\n') || found[length] != '\n'))
        found = strstr(found + 1, line);
    if (found == NULL)
        fail_msg("no line %s", line);
}

static inline void assert_absent(const char *text, const char *part)
{
    const char *found = strstr(text, part);
    if (found != NULL)
        fail_msg("there is %.*s", (int)strcspn(found, "\n"), found);
}
