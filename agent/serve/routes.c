#include "routes.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "negotiation.h"
#include "past.h"
#include "render/json.h"
#include "render/page.h"

#define ASSET_PREFIX "/page/"
#define PORT_PREFIX "/api/v1/ports/"
#define HISTORY_PREFIX "/api/v1/history/"
#define STALE_INTERVALS 3

/* report: NULL before the first, or one that failed. */
static int answer_not_ready(struct answer *answer, const struct report *report)
{
    if (report == NULL)
        return answer_error(answer, 503, "not_ready", "no round has succeeded yet");
    return answer_error(answer, 503, "not_ready", "the latest round failed: %s", report->failure);
}

static enum board_coding coding_for(const struct request *request)
{
    return negotiation_prefers_gzip(request->accept_encoding) ? BOARD_GZIP : BOARD_IDENTITY;
}

static int get_page(const struct routes *routes, const struct request *request, enum board_form form,
                    struct answer *answer)
{
    const struct board_page *page = NULL;
    int error = board_page_ref(routes->board, form, coding_for(request), &page);
    if (error == -ENODATA)
        return answer_not_ready(answer, NULL);
    if (error == 0)
        answer_page(answer, page, request->if_none_match);
    return error;
}

/* Whoever opens it before the first report is told so in the same form. */
static int get_status(const struct routes *routes, const struct request *request, struct answer *answer)
{
    cleanup(report_unrefp) struct report *report = board_report(routes->board);
    if (report != NULL)
        return get_page(routes, request, BOARD_PAGE, answer);
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, ANSWER_BYTES_MAX);
    page_render(NULL, &buf);
    int error = answer_bytes(answer, 200, ANSWER_HTML, &buf);
    answer->policy = ANSWER_PAGE_POLICY;
    return error;
}

static int get_asset(const struct routes *routes, const struct request *request, struct answer *answer)
{
    (void)routes;
    struct asset asset;
    if (!assets_find(request->path + strlen(ASSET_PREFIX), coding_for(request), &asset))
        return answer_error(answer, 404, "not_found", "there is nothing at \"%.128s\"", request->path);
    answer_asset(answer, &asset, request->if_none_match);
    return 0;
}

static int get_metrics(const struct routes *routes, const struct request *request, struct answer *answer)
{
    bool openmetrics = negotiation_prefers_openmetrics(request->accept);
    return get_page(routes, request, openmetrics ? BOARD_OPENMETRICS : BOARD_METRICS, answer);
}

static int get_report(const struct routes *routes, const struct request *request, struct answer *answer)
{
    return get_page(routes, request, BOARD_REPORT, answer);
}

static int get_ports(const struct routes *routes, const struct request *request, struct answer *answer)
{
    int error = get_page(routes, request, BOARD_PORTS, answer);
    if (answer->page == NULL || !answer->page->report->failed)
        return error;
    /* The list of a failed round is empty, which would say that nothing is tracked. */
    cleanup(answer_done) struct answer list = *answer;
    *answer = (struct answer){0};
    return answer_not_ready(answer, list.page->report);
}

static int get_port(const struct routes *routes, const struct request *request, struct answer *answer)
{
    struct endpoint endpoint = {0};
    struct error reason;
    if (request_endpoint(request, request->path + strlen(PORT_PREFIX), &endpoint, &reason) != 0)
        return answer_error(answer, 400, "bad_request", "%s", reason.text);

    cleanup(report_unrefp) struct report *report = board_report(routes->board);
    if (report == NULL || report->failed)
        return answer_not_ready(answer, report);
    const char *name = request_argument(request, "netns");
    const struct report_netns *netns = name[0] != '\0' ? report_netns_find(report, name) : &report->netns;
    if (netns == NULL)
        return answer_not_watched(answer, name);
    const struct report_port *port = report_port_find(netns, &endpoint);
    if (port == NULL)
        return answer_not_tracked(answer, &endpoint, netns->name);

    cleanup(buf_done) struct buf buf;
    buf_init(&buf, ANSWER_BYTES_MAX);
    int error = json_port(report, netns, port, &buf);
    return error != 0 ? error : answer_bytes(answer, 200, ANSWER_JSON, &buf);
}

static int get_history(const struct routes *routes, const struct request *request, struct answer *answer)
{
    return past_history(routes->board, request, request->path + strlen(HISTORY_PREFIX), answer);
}

static int get_events(const struct routes *routes, const struct request *request, struct answer *answer)
{
    return past_events(routes->board, request, answer);
}

static int get_healthz(const struct routes *routes, const struct request *request, struct answer *answer)
{
    (void)routes, (void)request;
    return answer_line(answer, 200, "ok");
}

static int get_readyz(const struct routes *routes, const struct request *request, struct answer *answer)
{
    (void)request;
    cleanup(report_unrefp) struct report *report = board_report(routes->board);
    const char *failure = report != NULL && report->failed ? report->failure : "";
    const char *failed = failure[0] != '\0' ? "; the latest failed: " : "";
    char line[2 * ERROR_TEXT_MAX];
    if (report == NULL || report->agent.last_success.monotonic_ns == 0) {
        (void)snprintf(line, sizeof(line), "no round has succeeded yet%s%s", failed, failure);
        return answer_line(answer, 503, line);
    }
    double interval = report->agent.interval_seconds;
    double age = (double)(clock_monotonic_ns() - report->agent.last_success.monotonic_ns) / (double)CLOCK_NS_PER_S;
    if (age <= STALE_INTERVALS * interval) {
        char reason[SOURCE_REASON_MAX];
        source_reason(&report->netns.source, reason);
        (void)snprintf(line, sizeof(line), "ready%s%s", reason[0] != '\0' ? ", from /proc/net: " : "", reason);
        return answer_line(answer, 200, line);
    }
    (void)snprintf(line, sizeof(line),
                   "the last round that succeeded ended %.1f s ago, more than three intervals of %g s%s%s", age,
                   interval, failed, failure);
    return answer_line(answer, 503, line);
}

static const char *const no_arguments[] = {NULL};
static const char *const port_arguments[] = {"protocol", "address", "netns", NULL};
static const char *const history_arguments[] = {"protocol", "netns", NULL};
static const char *const events_arguments[] = {"since", NULL};

static const struct row {
    const char *path; /* NULL: the telemetry path */
    bool is_prefix;
    enum route route;
    int (*get)(const struct routes *routes, const struct request *request, struct answer *answer);
    const char *const *arguments; /* NULL: a query is ignored, as scrapers and load balancers expect */
    const char *form;             /* with arguments: how to ask */
} rows[] = {
    {.route = ROUTE_METRICS, .get = get_metrics},
    {"/", false, ROUTE_PAGE, get_status, NULL, NULL},
    {ASSET_PREFIX, true, ROUTE_ASSET, get_asset, NULL, NULL},
    {"/api/v1/report", false, ROUTE_REPORT, get_report, no_arguments, "/api/v1/report"},
    {"/api/v1/ports", false, ROUTE_PORTS, get_ports, no_arguments, "/api/v1/ports"},
    {PORT_PREFIX, true, ROUTE_PORT, get_port, port_arguments, PORT_PREFIX "PORT?protocol=tcp&address=*&netns=self"},
    {HISTORY_PREFIX, true, ROUTE_HISTORY, get_history, history_arguments,
     HISTORY_PREFIX "PORT?protocol=tcp&netns=self"},
    {"/api/v1/events", false, ROUTE_EVENTS, get_events, events_arguments, "/api/v1/events?since=ID"},
    {"/healthz", false, ROUTE_HEALTHZ, get_healthz, NULL, NULL},
    {"/-/healthy", false, ROUTE_HEALTHZ, get_healthz, NULL, NULL},
    {"/readyz", false, ROUTE_READYZ, get_readyz, NULL, NULL},
    {"/-/ready", false, ROUTE_READYZ, get_readyz, NULL, NULL},
};

const char *routes_name(const struct routes *routes, enum route route)
{
    switch (route) {
    case ROUTE_PAGE:
        return "/";
    case ROUTE_ASSET:
        return ASSET_PREFIX ":file";
    case ROUTE_METRICS:
        return routes->telemetry_path;
    case ROUTE_REPORT:
        return "/api/v1/report";
    case ROUTE_PORTS:
        return "/api/v1/ports";
    case ROUTE_PORT:
        return PORT_PREFIX ":port";
    case ROUTE_HISTORY:
        return HISTORY_PREFIX ":port";
    case ROUTE_EVENTS:
        return "/api/v1/events";
    case ROUTE_HEALTHZ:
        return "/healthz";
    case ROUTE_READYZ:
        return "/readyz";
    case ROUTE_OTHER:
        return "other";
    }
    return "other";
}

static const struct row *find_row(const struct routes *routes, const char *path)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *known = rows[i].path != NULL ? rows[i].path : routes->telemetry_path;
        if (rows[i].is_prefix ? strncmp(path, known, strlen(known)) == 0 : strcmp(path, known) == 0)
            return &rows[i];
    }
    return NULL;
}

static int answer_row(const struct routes *routes, const struct row *row, const struct request *request,
                      struct answer *answer)
{
    if (row == NULL)
        return answer_error(answer, 404, "not_found", "there is nothing at \"%.128s\"", request->path);
    if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0)
        return answer_error(answer, 405, "method_not_allowed", "%.32s is not allowed: use GET or HEAD",
                            request->method);
    const char *stray = row->arguments == NULL ? NULL : request_stray_argument(request, row->arguments);
    if (stray != NULL)
        return answer_error(answer, 400, "bad_request",
                            "the query parameter \"%.64s\" is unknown or comes twice: use %s", stray, row->form);
    return row->get(routes, request, answer);
}

enum route routes_find(const struct routes *routes, const char *path)
{
    const struct row *row = find_row(routes, path);
    return row != NULL ? row->route : ROUTE_OTHER;
}

int routes_answer(const struct routes *routes, const struct request *request, struct answer *ret_answer)
{
    const struct row *row = find_row(routes, request->path);
    int error = answer_row(routes, row, request, ret_answer);
    if (error != 0)
        error = answer_error(ret_answer, 500, "internal", "no answer could be made: %s", strerrordesc_np(-error));
    return error;
}
