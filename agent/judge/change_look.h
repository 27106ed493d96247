/* A namespace in two rounds, compared, and who wants to know what has changed. Private to the judge. */
#pragma once

#include "model/event.h"
#include "model/report.h"

struct change_look {
    const struct report_netns *before; /* the same namespace; NULL where only the agent is looked at */
    const struct report_netns *now;
    int64_t at_ns; /* CLOCK_REALTIME of now */
    void (*emit)(void *context, const struct event *event);
    void *context;
};

/* An event of now. endpoint: its text begins with it; NULL: it is of none. */
struct event change_look_event(const struct change_look *look, enum event_kind kind, const struct endpoint *endpoint);
void change_look_emit(const struct change_look *look, const struct event *event);
