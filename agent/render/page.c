#include "render/page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/version.h"
#include "html.h"
#include "page_frame.h"
#include "page_row.h"

#define OWN_NETNS "self"

/* One row to be. */
struct place {
    enum standing standing;
    size_t netns; /* as report_netns_at() counts */
    size_t port;
};

static void add_head(const struct report *report, struct buf *buf)
{
    bool said = report != NULL && report->summary.count > 0;
    buf_add_text(buf, "<!doctype html>\n<html lang=\"en\">\n<head>\n<title>");
    if (said) {
        html_add(buf, report->summary.lines[0].text);
        buf_add_text(buf, " · ");
    }
    if (report != NULL) {
        html_add(buf, report->host);
        buf_add_text(buf, " · ");
    }
    buf_add_text(buf, "tidewait</title>\n" PAGE_FRAME_HEAD "<body>\n<header>\n<h1>Ports of ");
    html_add(buf, report != NULL ? report->host : "this host");
    buf_add_text(buf, "</h1>\n<p id=\"connection\">");
    if (report != NULL) {
        char text[CLOCK_TEXT_MAX];
        clock_rfc3339(report->taken_at.realtime_ns, text);
        buf_printf(buf, "Measured at <time datetime=\"%s\">%.8s UTC</time>", text, strchr(text, 'T') + 1);
    }
    buf_add_text(buf, "</p>\n<p id=\"announcement\" role=\"status\"></p>\n</header>\n<main>\n");
}

static void add_line(const struct summary_line *line, struct buf *buf)
{
    buf_printf(buf, "<li data-level=\"%s\"><span class=\"words\">", summary_level_name(line->level));
    html_add(buf, line->text);
    buf_add_text(buf, "</span>");
    if (line->frees_in_seconds >= 0)
        buf_printf(buf, "<span class=\"remaining\" aria-hidden=\"true\">%.1f s</span>", line->frees_in_seconds);
    buf_add_text(buf, "</li>\n");
}

static void add_summary(const struct report *report, struct buf *buf)
{
    static const struct summary_line none = {
        .level = SUMMARY_WARNING, .frees_in_seconds = -1, .text = "No round has succeeded yet"};
    buf_add_text(buf, "<ul id=\"summary\" aria-label=\"Summary\" aria-live=\"polite\">\n");
    if (report == NULL)
        add_line(&none, buf);
    for (size_t i = 0; report != NULL && i < report->summary.count; i++)
        add_line(&report->summary.lines[i], buf);
    if (report != NULL && report->summary.left_out > 0)
        buf_printf(buf, "<li data-level=\"%s\"><span class=\"words\">and %zu more</span></li>\n",
                   summary_level_name(report->summary.lines[SUMMARY_LINES_MAX - 1].level), report->summary.left_out);
    buf_add_text(buf, "</ul>\n");
}

static int by_standing(const void *left, const void *right)
{
    const struct place *l = left;
    const struct place *r = right;
    if (l->standing != r->standing)
        return l->standing < r->standing ? -1 : 1;
    if (l->netns != r->netns)
        return l->netns < r->netns ? -1 : 1;
    return (l->port > r->port) - (l->port < r->port);
}

static void add_rows(const struct report *report, struct buf *buf)
{
    size_t count = 0;
    for (size_t n = 0; n <= report->other_count; n++)
        count += report_netns_at(report, n)->port_count;
    cleanup(cleanup_free) struct place *places = calloc(count + 1, sizeof(*places));
    if (places == NULL) {
        buf->failure = -ENOMEM;
        return;
    }
    size_t at = 0;
    for (size_t n = 0; n <= report->other_count; n++)
        for (size_t i = 0; i < report_netns_at(report, n)->port_count; i++)
            places[at++] = (struct place){standing_of(&report_netns_at(report, n)->ports[i]), n, i};
    qsort(places, count, sizeof(*places), by_standing);
    for (size_t i = 0; i < count; i++) {
        const struct report_netns *netns = report_netns_at(report, places[i].netns);
        page_row_add(&netns->ports[places[i].port], strcmp(netns->name, OWN_NETNS) != 0 ? netns->name : "", buf);
    }
}

/* What there is to choose from, when there is a choice; as in page/netns.js. */
static void add_namespaces(const struct report *report, struct buf *buf)
{
    bool several = report != NULL && report->other_count > 0;
    buf_printf(buf, "%s>Namespace <select id=\"netns\"><option value=\"\">all</option>", several ? "" : " hidden");
    for (size_t i = 0; several && i <= report->other_count; i++) {
        buf_add_text(buf, "<option>");
        html_add(buf, report_netns_at(report, i)->name);
        buf_add_text(buf, "</option>");
    }
    buf_add_text(buf, "</select></label>\n</div>\n");
}

static uint64_t sockets_of(const struct report *report, enum protocol protocol, enum sock_state state)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= report->other_count; i++)
        for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
            count += report_netns_at(report, i)->totals[protocol][family][state];
    return count;
}

/* As in page/netns.js. */
static void add_totals(const struct report *report, struct buf *buf)
{
    buf_add_text(buf, "<p id=\"totals\" class=\"quiet\">");
    if (report != NULL && !report->failed)
        buf_printf(buf,
                   "Sockets: %" PRIu64 " established, %" PRIu64 " TIME_WAIT, %" PRIu64 " listening, %" PRIu64 " UDP",
                   sockets_of(report, PROTOCOL_TCP, SOCK_ESTABLISHED), sockets_of(report, PROTOCOL_TCP, SOCK_TIME_WAIT),
                   sockets_of(report, PROTOCOL_TCP, SOCK_LISTEN),
                   sockets_of(report, PROTOCOL_UDP, SOCK_ESTABLISHED) + sockets_of(report, PROTOCOL_UDP, SOCK_CLOSE));
    buf_add_text(buf, "</p>\n");
}

static void add_footer(const struct report *report, struct buf *buf)
{
    buf_add_text(buf, "</main>\n<footer>\n<span id=\"cost\">");
    if (report != NULL)
        buf_printf(buf, "A round takes %.1f ms, every %g s", report->agent.round_seconds * 1000,
                   report->agent.interval_seconds);
    buf_add_text(buf, "</span>\n<span id=\"version\">tidewait " TIDEWAIT_VERSION "</span>\n" PAGE_FRAME_LINKS
                      "<noscript>Without JavaScript this page stays as it was measured: load it again.</noscript>\n"
                      "</footer>\n</body>\n</html>\n");
}

void page_render(const struct report *report, struct buf *buf)
{
    add_head(report, buf);
    add_summary(report, buf);
    buf_add_text(buf, PAGE_FRAME_PORTS_BEGIN);
    add_namespaces(report, buf);
    add_totals(report, buf);
    buf_add_text(buf, PAGE_FRAME_PORTS_TABLE);
    if (report != NULL)
        add_rows(report, buf);
    buf_add_text(buf, PAGE_FRAME_PORTS_END PAGE_FRAME_TRENDS);
    add_footer(report, buf);
}
