#include "render/metrics.h"

#include "metrics_parts.h"

void metrics_render(const struct report *report, enum metrics_format format, struct buf *buf)
{
    cleanup(exposition_done) struct exposition out;
    exposition_init(&out, format, buf->limit);
    for (size_t i = 0; !report->failed && i <= report->other_count; i++) {
        const struct report_netns *netns = report_netns_at(report, i);
        if (netns->failure[0] != '\0')
            continue;
        out.netns = i > 0 ? netns->name : NULL;
        metrics_netns(&out, netns);
        metrics_port(&out, netns);
        metrics_traffic(&out, &netns->traffic);
    }
    out.netns = NULL;
    metrics_agent(&out, &report->agent);
    exposition_end(&out, buf);
}

void metrics_catalogue(struct buf *buf)
{
    for (size_t i = 0; i < METRIC_COUNT; i++)
        buf_printf(buf, "%s %s %s\n", metric_table[i].name, metric_table[i].type, metric_table[i].help);
}
