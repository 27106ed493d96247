/* A report and a row of it in JSON; the caller's. Include after <cmocka.h>. */
#pragma once

#include "render/json.h"
#include "rendered.h"

#define JSON_TEXT_MAX ((size_t)1 << 22)

static inline char *json_text_of_report(const struct report *report)
{
    struct buf buf;
    buf_init(&buf, JSON_TEXT_MAX);
    assert_int_equal(json_report(report, &buf), 0);
    return rendered_take(&buf);
}

static inline char *json_text_of_row(const struct report *report, size_t index)
{
    struct buf buf;
    buf_init(&buf, JSON_TEXT_MAX);
    assert_int_equal(json_port(report, &report->netns, &report->netns.ports[index], &buf), 0);
    return rendered_take(&buf);
}
