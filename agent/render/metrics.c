#include "render/metrics.h"

#include "metrics_parts.h"

void metrics_render(const struct report *report, struct buf *buf)
{
    struct exposition out = {.buf = buf};
    if (!report->failed) {
        metrics_netns(&out, &report->netns);
        metrics_port(&out, &report->netns);
        metrics_traffic(&out, &report->netns.traffic);
    }
    metrics_agent(&out, &report->agent);
}

void metrics_catalogue(struct buf *buf)
{
    for (size_t i = 0; i < METRIC_COUNT; i++)
        buf_printf(buf, "%s %s %s\n", metric_table[i].name, metric_table[i].type, metric_table[i].help);
}
