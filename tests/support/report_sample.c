#include "report_sample.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    (void)fprintf(stderr, "report_sample: %s\n", what);
    abort();
}

/* One zeroed element more at the end of *array. */
static void *append(void *array, size_t *count, size_t size)
{
    char *longer = reallocarray(array, *count + 1, size);
    require(longer != NULL, "out of memory");
    memset(longer + *count * size, 0, size);
    (*count)++;
    return longer;
}

struct address report_sample_address(const char *text)
{
    struct address address = {.family = strchr(text, ':') != NULL ? FAMILY_IPV6 : FAMILY_IPV4};
    require(inet_pton(address.family == FAMILY_IPV6 ? AF_INET6 : AF_INET, text, address.bytes) == 1, text);
    return address;
}

struct report_port *report_sample_port(struct report *report, const char *endpoint, enum verdict_kind kind,
                                       enum cause cause)
{
    struct endpoint_range range;
    require(endpoint_parse(endpoint, &range, NULL) == 0, endpoint);
    struct report_netns *netns = &report->netns;
    netns->ports = append(netns->ports, &netns->port_count, sizeof(*netns->ports));
    struct report_port *port = &netns->ports[netns->port_count - 1];
    port->verdict.endpoint = range.first;
    port->verdict.kind = kind;
    port->verdict.cause = cause;
    return port;
}

struct holder *report_sample_holder(struct report_port *port, enum sock_state state, const char *local, uint64_t count)
{
    struct verdict *verdict = &port->verdict;
    verdict->holders = append(verdict->holders, &verdict->holder_count, sizeof(*verdict->holders));
    struct holder *holder = &verdict->holders[verdict->holder_count - 1];
    holder->state = state;
    holder->local = report_sample_address(local);
    holder->family = holder->local.family;
    holder->count = count;
    return holder;
}

struct owner *report_sample_owner(struct holder *holder, const char *process, int32_t pid)
{
    holder->owners = append(holder->owners, &holder->owner_count, sizeof(*holder->owners));
    struct owner *owner = &holder->owners[holder->owner_count - 1];
    (void)snprintf(owner->process, sizeof(owner->process), "%s", process);
    owner->pid = pid;
    owner->uid = 1000;
    owner->alive = true;
    owner->last_seen_ns = REPORT_SAMPLE_TAKEN_NS;
    return owner;
}

void report_sample_bind(struct report_port *port, const char *address, bool reuseaddr, int error)
{
    struct verdict *verdict = &port->verdict;
    require(verdict->bind_count < VERDICT_BINDS_MAX, "too many binds");
    verdict->binds[verdict->bind_count++] = (struct bind_result){
        .address = report_sample_address(address), .reuseaddr = reuseaddr, .error = error, .performed = reuseaddr};
}

void report_sample_explain(struct report_port *port, const char *explanation)
{
    port->verdict.explanation = strdup(explanation);
    require(port->verdict.explanation != NULL, "out of memory");
}

struct report_listener *report_sample_listener(struct report *report, const char *address, uint16_t port)
{
    struct report_netns *netns = &report->netns;
    netns->listeners = append(netns->listeners, &netns->listener_count, sizeof(*netns->listeners));
    struct report_listener *listener = &netns->listeners[netns->listener_count - 1];
    listener->address = report_sample_address(address);
    listener->port = port;
    listener->queue_limit = 128;
    listener->restart = RESTART_SAFE;
    return listener;
}

struct report_counts *report_sample_counts(struct report *report, enum protocol protocol, uint16_t port,
                                           const char *label)
{
    struct report_netns *netns = &report->netns;
    netns->counts = append(netns->counts, &netns->count_count, sizeof(*netns->counts));
    struct report_counts *counts = &netns->counts[netns->count_count - 1];
    counts->protocol = protocol;
    counts->port = port;
    counts->label = label;
    return counts;
}

static void fill_kernel(struct report_netns *netns)
{
    netns->settings = (struct report_settings){
        .local_port_low = 32768,
        .local_port_high = 60999,
        .reserved_ports = 2,
        .unprivileged_port_start = 1024,
        .max_tw_buckets = 65536,
        .tw_reuse = 2,
        .fin_timeout_seconds = 60,
        .somaxconn = 4096,
    };
    netns->counters = (struct kernel_counters){
        .time_wait_recycled = 7, .time_wait_overflow = 3, .listen_overflows = 11, .listen_drops = 12};
}

static struct report_destination destination(enum protocol protocol, const char *source, const char *to, uint16_t port)
{
    return (struct report_destination){
        .counts = {.protocol = protocol,
                   .source = report_sample_address(source),
                   .destination = report_sample_address(to),
                   .port = port,
                   .live = 12,
                   .time_wait = 23444,
                   .entered_total = 90000,
                   .entered_per_second = 391.25},
        .usable = 28230,
        .exhausted_in_seconds = 371.5,
    };
}

static void fill_traffic(struct report_traffic *traffic)
{
    static const struct report_entered entered[] = {
        {.port = 22, .total = 2}, {.label = "ephemeral", .total = 90001}, {.label = "other"}};
    traffic->known = true;
    traffic->exact = true;
    traffic->missed_total = 5;
    for (size_t i = 0; i < sizeof(entered) / sizeof(entered[0]); i++) {
        traffic->entered = append(traffic->entered, &traffic->entered_count, sizeof(*traffic->entered));
        traffic->entered[i] = entered[i];
    }
    traffic->destinations = calloc(REPORT_DESTINATIONS_MAX, sizeof(*traffic->destinations));
    require(traffic->destinations != NULL, "out of memory");
    traffic->destinations[traffic->destination_count++] = destination(PROTOCOL_TCP, "10.0.0.1", "10.0.0.5", 5432);
    traffic->destinations[traffic->destination_count++] = destination(PROTOCOL_UDP, "fd00::1", "fd00::53", 53);
    traffic->destinations[1].exhausted_in_seconds = -1;
    traffic->used_max_ratio[PROTOCOL_TCP] = 0.83;
}

static void fill_agent(struct report_agent *agent)
{
    *agent = (struct report_agent){
        .rounds = 20,
        .round_failures = {[STAGE_TCP] = 1, [STAGE_KERNEL] = 2},
        .duration_buckets = {1, 2, 3, 4, 5, 0, 0, 1, 1},
        .duration_sum_seconds = 8.25,
        .probes = 40,
        .probe_failures = 1,
        .round_sockets = 1234,
        .round_seconds = 0.000823,
        .sandbox = {.on = true,
                    .filtered = true,
                    .uid = 65534,
                    .kept = {"CAP_NET_BIND_SERVICE"},
                    .unknown = {"owners: needs CAP_SYS_PTRACE"}},
        .interval_seconds = 5,
        .last_success = {.monotonic_ns = 1, .realtime_ns = REPORT_SAMPLE_TAKEN_NS},
        .http = {{"/metrics", 200, 6}, {"/metrics", 405, 1}, {"/readyz", 200, 2}},
        .http_count = 3,
        .http_rejected = {{"host", 4}, {"deadline", 0}},
        .http_rejected_count = 2,
        .reload = {.known = true, .successful = true, .succeeded_ns = REPORT_SAMPLE_TAKEN_NS},
        .process_cpu_seconds = 0.37,
        .process_resident_bytes = 5242880,
        .process_open_fds = 12,
        .process_max_fds = 1024,
        .process_start_seconds = 1795374100.25,
    };
}

struct report *report_sample_new(void)
{
    struct report *report = report_new();
    require(report != NULL, "out of memory");
    report->taken_at = (struct moment){.monotonic_ns = 1, .realtime_ns = REPORT_SAMPLE_TAKEN_NS};
    (void)snprintf(report->host, sizeof(report->host), "harbour");
    (void)snprintf(report->netns.name, sizeof(report->netns.name), "self");
    (void)snprintf(report->netns.scope, sizeof(report->netns.scope), "host");
    report->netns.bound_inactive_known = true;
    fill_kernel(&report->netns);
    fill_traffic(&report->netns.traffic);
    fill_agent(&report->agent);
    return report;
}

struct report *report_sample_failed(void)
{
    struct report *report = report_sample_new();
    report->failed = true;
    report->failed_stage = STAGE_TCP;
    (void)snprintf(report->failure, sizeof(report->failure), "the walk was interrupted: ENOBUFS");
    return report;
}
