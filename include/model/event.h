/* Something that happened: on a port, or to the agent itself. */
#pragma once

#include "model/endpoint.h"

enum event_kind {
    EVENT_VERDICT_CHANGED,
    EVENT_LISTENER_APPEARED,
    EVENT_LISTENER_GONE,
    EVENT_LISTENER_OWNER_CHANGED,  /* the same address and port, other processes */
    EVENT_PORT_STOLEN,             /* an outgoing connection has taken a tracked port */
    EVENT_ACCEPT_QUEUE_OVERFLOWED, /* the first round of those in which connections were turned away */
    EVENT_CONFIG_RELOADED,
    EVENT_CONFIG_REFUSED, /* the old configuration stays */
    EVENT_ROUND_FAILED,   /* the first of those that fail */
    EVENT_ROUND_RECOVERED,
    EVENT_SOURCE_CHANGED, /* the socket tables are read another way */
    EVENT_AGENT_STARTED,
};
#define EVENT_KIND_COUNT 12
/* "verdict_changed" … "agent_started". */
const char *event_kind_name(enum event_kind kind);

#define EVENT_NETNS_MAX 64
#define EVENT_TEXT_MAX 320

struct event {
    uint64_t id;   /* 0: none yet */
    int64_t at_ns; /* CLOCK_REALTIME of the round that saw it */
    enum event_kind kind;
    struct endpoint endpoint;    /* port 0: of no port */
    char netns[EVENT_NETNS_MAX]; /* "self" for the agent's own */
    char text[EVENT_TEXT_MAX];   /* one sentence without a full stop; names of processes in it may be any bytes */
};

/* Appends to the text; what has no room is cut. */
void event_say(struct event *event, const char *format, ...) __attribute__((format(printf, 2, 3)));
