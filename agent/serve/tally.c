#include "tally.h"

static const unsigned statuses[] = {200, 304, 400, 401, 403, 404, 405, 429, 500, 503};
_Static_assert(sizeof(statuses) / sizeof(statuses[0]) == TALLY_STATUS_COUNT, "each status has a place");
_Static_assert(ROUTE_COUNT *TALLY_STATUS_COUNT <= REPORT_HTTP_COUNTS_MAX, "a report has room for every count");
_Static_assert(REJECTION_COUNT <= REPORT_HTTP_REJECTED_MAX, "a report has room for every reason");

static const char *reason_name(enum rejection rejection)
{
    switch (rejection) {
    case REJECTION_HOST:
        return "host";
    case REJECTION_AUTH:
        return "auth";
    case REJECTION_METHOD:
        return "method";
    case REJECTION_DEADLINE:
        return "deadline";
    case REJECTION_CONNECTIONS:
        return "connections";
    case REJECTION_PER_ADDRESS:
        return "per_address";
    }
    return "unknown";
}

void tally_request(struct tally *tally, enum route route, unsigned status)
{
    for (size_t i = 0; i < TALLY_STATUS_COUNT; i++)
        if (statuses[i] == status)
            atomic_fetch_add_explicit(&tally->requests[route][i], 1, memory_order_relaxed);
}

void tally_rejections(struct tally *tally, enum rejection rejection, uint64_t count)
{
    atomic_fetch_add_explicit(&tally->rejections[rejection], count, memory_order_relaxed);
}

void tally_report(const struct tally *tally, const struct routes *routes, struct report_agent *agent)
{
    agent->http_count = 0;
    for (enum route route = 0; route < ROUTE_COUNT; route++)
        for (size_t i = 0; i < TALLY_STATUS_COUNT; i++) {
            uint64_t requests = atomic_load_explicit(&tally->requests[route][i], memory_order_relaxed);
            if (requests == 0)
                continue;
            agent->http[agent->http_count++] = (struct report_http_count){
                .path = routes_name(routes, route), .code = (int)statuses[i], .requests = requests};
        }
    for (enum rejection rejection = 0; rejection < REJECTION_COUNT; rejection++)
        agent->http_rejected[rejection] = (struct report_http_rejected){
            .reason = reason_name(rejection),
            .count = atomic_load_explicit(&tally->rejections[rejection], memory_order_relaxed)};
    agent->http_rejected_count = REJECTION_COUNT;
}
