#include "model/history.h"

#include <errno.h>
#include <string.h>

/* The samples of one port: a ring. */
struct track {
    enum protocol protocol;
    uint16_t port;
    size_t count;                   /* in use */
    size_t next;                    /* the oldest, once all are in use */
    struct history_sample *samples; /* owned; as many as the history's capacity */
};

/* The tracked ports of one namespace. */
struct place {
    char netns[REPORT_NETNS_NAME_MAX];
    struct track *tracks; /* owned; by protocol, then port */
    size_t count;
};

struct history {
    int64_t step_ns;
    size_t capacity;      /* samples of a port */
    int64_t due_ns;       /* CLOCK_MONOTONIC: of the next sample */
    int64_t early_ns;     /* half an interval: the round nearest to that moment takes it */
    struct place *places; /* owned; the agent's own namespace first */
    size_t place_count;
};

static void place_done(struct place *place)
{
    for (size_t i = 0; i < place->count; i++)
        free(place->tracks[i].samples);
    free(place->tracks);
    *place = (struct place){0};
}

int history_new(int64_t span_ns, int64_t interval_ns, struct history **ret_history)
{
    struct history *history = calloc(1, sizeof(*history));
    if (history == NULL)
        return -ENOMEM;
    int64_t step_ns = span_ns / HISTORY_SAMPLES;
    history->step_ns = step_ns > interval_ns ? step_ns : interval_ns;
    history->early_ns = interval_ns / 2;
    history->capacity = (size_t)((span_ns + history->step_ns - 1) / history->step_ns);
    if (history->capacity > HISTORY_SAMPLES)
        history->capacity = HISTORY_SAMPLES;
    *ret_history = history;
    return 0;
}

void history_free(struct history *history)
{
    if (history == NULL)
        return;
    for (size_t i = 0; i < history->place_count; i++)
        place_done(&history->places[i]);
    free(history->places);
    free(history);
}

int64_t history_step_ns(const struct history *history)
{
    return history->step_ns;
}

static int order(const struct track *track, enum protocol protocol, uint16_t port)
{
    if (track->protocol != protocol)
        return track->protocol < protocol ? -1 : 1;
    return (int)track->port - (int)port;
}

static struct history_sample sample_of(const struct report *report, const struct report_netns *netns,
                                       const struct report_port *port)
{
    const struct holder *listener = verdict_accept_queue(&port->verdict);
    struct history_sample sample = {
        .at_ns = report->taken_at.realtime_ns,
        .time_wait_entered_total = port->time_wait_entered_total,
        .verdict = port->verdict.kind,
        .listening = listener != NULL,
        .queue_length = listener != NULL ? listener->queue_length : 0,
        .queue_limit = listener != NULL ? listener->queue_limit : 0,
        .entered_known = port->entered_known,
        .bound_inactive_known = netns->bound_inactive_known,
    };
    for (size_t i = 0; i < SOCK_STATE_COUNT; i++)
        sample.states[i] = port->states[i] < UINT32_MAX ? (uint32_t)port->states[i] : UINT32_MAX;
    return sample;
}

static void add_sample(const struct history *history, struct track *track, struct history_sample sample)
{
    if (track->count < history->capacity) {
        track->samples[track->count++] = sample;
        return;
    }
    track->samples[track->next] = sample;
    track->next = (track->next + 1) % history->capacity;
}

/* Moves the port's track out of the former ones, or makes one. *at follows the order of the ports. */
static int keep_track(const struct history *history, struct place *former, size_t *at, const struct endpoint *endpoint,
                      struct track *ret_track)
{
    while (*at < former->count && order(&former->tracks[*at], endpoint->protocol, endpoint->port) < 0)
        (*at)++;
    if (*at < former->count && order(&former->tracks[*at], endpoint->protocol, endpoint->port) == 0) {
        *ret_track = former->tracks[*at];
        former->tracks[*at].samples = NULL;
        return 0;
    }
    struct track track = {.protocol = endpoint->protocol, .port = endpoint->port};
    track.samples = malloc(history->capacity * sizeof(*track.samples));
    if (track.samples == NULL)
        return -ENOMEM;
    *ret_track = track;
    return 0;
}

/* What the new place takes over is taken out of the former one. */
static int add_place(const struct history *history, const struct report *report, const struct report_netns *netns,
                     bool due, struct place *former, struct place *place)
{
    place->tracks = calloc(netns->port_count + 1, sizeof(*place->tracks));
    if (place->tracks == NULL)
        return -ENOMEM;
    size_t at = 0;
    int r = 0;
    for (size_t i = 0; i < netns->port_count; i++) {
        const struct report_port *port = &netns->ports[i];
        if (!port->verdict.endpoint.any_address)
            continue;
        struct track *track = &place->tracks[place->count];
        if (keep_track(history, former, &at, &port->verdict.endpoint, track) < 0) {
            r = -ENOMEM;
            continue;
        }
        if (due || track->count == 0)
            add_sample(history, track, sample_of(report, netns, port));
        place->count++;
    }
    return r;
}

static struct place *find_place(const struct history *history, const char *netns)
{
    for (size_t i = 0; i < history->place_count; i++)
        if (strcmp(history->places[i].netns, netns) == 0)
            return &history->places[i];
    return NULL;
}

int history_add(struct history *history, const struct report *report)
{
    if (report->failed)
        return 0;
    bool due = report->taken_at.monotonic_ns >= history->due_ns - history->early_ns;
    struct place *places = calloc(report->other_count + 1, sizeof(*places));
    if (places == NULL)
        return -ENOMEM;
    int r = 0;
    for (size_t i = 0; i <= report->other_count; i++) {
        const struct report_netns *netns = report_netns_at(report, i);
        struct place none = {0};
        struct place *former = find_place(history, netns->name);
        if (netns->failure[0] != '\0' && former != NULL) {
            places[i] = *former;
            *former = none;
            continue;
        }
        memcpy(places[i].netns, netns->name, sizeof(places[i].netns));
        if (add_place(history, report, netns, due, former != NULL ? former : &none, &places[i]) < 0)
            r = -ENOMEM;
    }
    for (size_t i = 0; i < history->place_count; i++)
        place_done(&history->places[i]);
    free(history->places);
    history->places = places;
    history->place_count = report->other_count + 1;
    if (due)
        history->due_ns = report->taken_at.monotonic_ns + history->step_ns;
    return r;
}

int history_of(const struct history *history, const char *netns, const struct endpoint *endpoint,
               struct history_sample **ret_samples, size_t *ret_count)
{
    const struct place *place = find_place(history, netns);
    size_t at = 0;
    while (place != NULL && at < place->count && order(&place->tracks[at], endpoint->protocol, endpoint->port) < 0)
        at++;
    if (place == NULL || at == place->count || order(&place->tracks[at], endpoint->protocol, endpoint->port) != 0)
        return -ENOENT;
    const struct track *track = &place->tracks[at];
    struct history_sample *samples = calloc(track->count, sizeof(*samples));
    if (samples == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < track->count; i++)
        samples[i] = track->samples[(track->next + i) % track->count];
    *ret_samples = samples;
    *ret_count = track->count;
    return 0;
}
