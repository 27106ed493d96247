#include "judge/summary.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "change_text.h"
#include "judge/ephemeral.h"
#include "model/standing.h"

/* A destination is told of from so full on, or when it is going to be full so soon. */
#define FILLING_PERCENT 80
#define NEARLY_FULL_PERCENT 95
#define SOON_SECONDS 600
#define SECONDS_PER_MINUTE 60

struct tally {
    size_t tracked;
    size_t served; /* by a listener, or in use by a UDP socket */
    size_t free;
};

/* The worst stay, those that came first before those that are as bad. */
static void add_line(struct summary *summary, const struct summary_line *line)
{
    size_t at = summary->count;
    while (at > 0 && summary->lines[at - 1].level < line->level)
        at--;
    if (summary->count == SUMMARY_LINES_MAX)
        summary->left_out++;
    if (at == SUMMARY_LINES_MAX)
        return;
    size_t last = summary->count < SUMMARY_LINES_MAX ? summary->count++ : SUMMARY_LINES_MAX - 1;
    memmove(&summary->lines[at + 1], &summary->lines[at], (last - at) * sizeof(*line));
    summary->lines[at] = *line;
}

__attribute__((format(printf, 3, 4))) static void say(struct summary *summary, enum summary_level level,
                                                      const char *format, ...)
{
    struct summary_line line = {.level = level, .frees_in_seconds = -1};
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(line.text, sizeof(line.text), format, arguments);
    va_end(arguments);
    add_line(summary, &line);
}

/* "8080/tcp", "8080/tcp in netns web". */
static void say_endpoint(struct event *words, const struct report_netns *netns, const struct endpoint *endpoint)
{
    char text[ENDPOINT_TEXT_MAX];
    endpoint_format(endpoint, text);
    event_say(words, "%s", text);
    if (strcmp(netns->name, "self") != 0)
        event_say(words, " in netns %s", netns->name);
}

static enum summary_level level_of(const struct report_port *port)
{
    switch (standing_of(port)) {
    case STANDING_BLOCKED:
        return SUMMARY_PROBLEM;
    case STANDING_UNKNOWN:
    case STANDING_REUSABLE:
        return SUMMARY_WARNING;
    case STANDING_SERVED:
    case STANDING_FREE:
        return SUMMARY_FINE;
    }
    return SUMMARY_WARNING;
}

/* What leads over from the port to its verdict. */
static const char *link_of(const struct report_port *port)
{
    const struct verdict *verdict = &port->verdict;
    bool and = !standing_is_as_expected(port) && port->expected == EXPECTED_LISTENING;
    bool but = !standing_is_as_expected(port) && port->expected == EXPECTED_FREE;
    switch (verdict->kind) {
    case VERDICT_FREE:
        break;
    case VERDICT_HELD:
        if (!change_text_is_holder(verdict))
            return and? ", and cannot be bound: " : " cannot be bound: ";
        return and? ", and is blocked by " : but ? " is expected to be free, but is held by " : " is blocked by ";
    case VERDICT_REUSABLE:
        if (but)
            return " is expected to be free, but can be bound with SO_REUSEADDR only, because of ";
        return and? ", and can be bound with SO_REUSEADDR only, because of "
                  : " can be bound with SO_REUSEADDR only, because of ";
    case VERDICT_UNKNOWN:
        return and? ", and cannot be judged: " : " cannot be judged: ";
    }
    return "";
}

static void say_state(struct event *words, const struct report_port *port)
{
    if (port->expected == EXPECTED_LISTENING && !standing_is_as_expected(port))
        event_say(words, " has no listener, though one is expected");
    event_say(words, "%s", link_of(port));
    if (port->verdict.kind != VERDICT_FREE)
        change_text_obstacle(words, &port->verdict);
}

static void say_port(struct summary *summary, const struct report_netns *netns, const struct report_port *port)
{
    struct event words = {0};
    say_endpoint(&words, netns, &port->verdict.endpoint);
    say_state(&words, port);
    struct summary_line line = {.level = level_of(port), .frees_in_seconds = -1};
    bool expects_server = port->expected == EXPECTED_LISTENING;
    if (port->verdict.plain.kind == FREES_AFTER && port->verdict.plain.seconds > 0 && !expects_server)
        line.frees_in_seconds = port->verdict.plain.seconds;
    (void)snprintf(line.text, sizeof(line.text), "%s", words.text);
    add_line(summary, &line);
}

static void say_queue(struct summary *summary, const struct report_netns *netns, const struct verdict *verdict)
{
    const struct holder *listener = verdict_accept_queue(verdict);
    if (listener == NULL || !verdict->endpoint.any_address || listener->queue_length <= listener->queue_limit)
        return;
    struct event words = {0};
    say_endpoint(&words, netns, &verdict->endpoint);
    change_text_owners(&words, " of ", listener->owners, listener->owner_count);
    say(summary, SUMMARY_PROBLEM, "The accept queue of %s is full: %" PRIu32 " connections wait for accept()",
        words.text, listener->queue_length);
}

static void look_at_ports(struct summary *summary, const struct report_netns *netns, struct tally *tally)
{
    for (size_t i = 0; i < netns->port_count; i++) {
        const struct report_port *port = &netns->ports[i];
        tally->tracked++;
        tally->served += standing_of(port) == STANDING_SERVED;
        tally->free += standing_of(port) == STANDING_FREE;
        if (level_of(port) != SUMMARY_FINE)
            say_port(summary, netns, port);
        say_queue(summary, netns, &port->verdict);
    }
}

static void say_destination(struct event *words, const struct report_netns *netns, const struct destination *counts)
{
    char address[ADDRESS_TEXT_MAX];
    address_format(&counts->destination, address);
    bool brackets = counts->destination.family == FAMILY_IPV6;
    event_say(words, "%s%s%s:%u", brackets ? "[" : "", address, brackets ? "]" : "", (unsigned)counts->port);
    if (strcmp(netns->name, "self") != 0)
        event_say(words, " in netns %s", netns->name);
}

/* ", full in about 6 min": of what is far away only the order of magnitude is known. */
static void say_time(struct event *words, double seconds)
{
    if (seconds > SOON_SECONDS || seconds < 0)
        return;
    if (seconds < SECONDS_PER_MINUTE)
        event_say(words, ", full in less than a minute");
    else
        event_say(words, ", full in about %.0f min", seconds / SECONDS_PER_MINUTE);
}

static void look_at_destination(struct summary *summary, const struct report_netns *netns,
                                const struct report_destination *row)
{
    if (row->at_most || row->usable == 0)
        return;
    uint64_t percent = UINT64_C(100) * ephemeral_taken(&row->counts) / row->usable;
    bool soon = row->exhausted_in_seconds >= 0 && row->exhausted_in_seconds <= SOON_SECONDS;
    if (percent < FILLING_PERCENT && !soon)
        return;
    struct event words = {0};
    say_destination(&words, netns, &row->counts);
    if (percent >= 100) {
        say(summary, SUMMARY_PROBLEM, "Every ephemeral port towards %s is used: connect() fails", words.text);
        return;
    }
    event_say(&words, " are %" PRIu64 " %% used", percent);
    say_time(&words, row->exhausted_in_seconds);
    say(summary, percent >= NEARLY_FULL_PERCENT || soon ? SUMMARY_PROBLEM : SUMMARY_WARNING,
        "Ephemeral ports towards %s", words.text);
}

static void say_fine(struct summary *summary, const struct tally *tally)
{
    if (tally->tracked == 0)
        say(summary, SUMMARY_FINE, "No port has a listener yet, and none is watched");
    else if (tally->free == tally->tracked)
        say(summary, SUMMARY_FINE, "%s%zu tracked %s can be bound", tally->tracked == 1 ? "The " : "All ",
            tally->tracked, tally->tracked == 1 ? "port" : "ports");
    else if (tally->served == tally->tracked)
        say(summary, SUMMARY_FINE, "Nothing is blocked: %s%zu tracked %s", tally->tracked == 1 ? "the " : "all ",
            tally->tracked, tally->tracked == 1 ? "port has its server" : "ports have their server");
    else
        say(summary, SUMMARY_FINE, "Nothing is blocked: %zu of %zu tracked ports %s, %zu %s free", tally->served,
            tally->tracked, tally->served == 1 ? "has its server" : "have their server", tally->free,
            tally->free == 1 ? "is" : "are");
}

void summary_make(const struct report *report, struct summary *ret_summary)
{
    struct summary summary = {0};
    struct tally tally = {0};
    if (report->failed)
        say(&summary, SUMMARY_PROBLEM, "The latest round failed: %s", report->failure);
    for (size_t i = 0; !report->failed && i <= report->other_count; i++) {
        const struct report_netns *netns = report_netns_at(report, i);
        if (netns->failure[0] != '\0')
            say(&summary, SUMMARY_WARNING, "Namespace %s is not seen: %s", netns->name, netns->failure);
        look_at_ports(&summary, netns, &tally);
        for (size_t n = 0; n < netns->traffic.destination_count; n++)
            look_at_destination(&summary, netns, &netns->traffic.destinations[n]);
    }
    if (summary.count == 0)
        say_fine(&summary, &tally);
    *ret_summary = summary;
}
