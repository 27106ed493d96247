#include "model/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *event_kind_name(enum event_kind kind)
{
    switch (kind) {
    case EVENT_VERDICT_CHANGED:
        return "verdict_changed";
    case EVENT_LISTENER_APPEARED:
        return "listener_appeared";
    case EVENT_LISTENER_GONE:
        return "listener_gone";
    case EVENT_LISTENER_OWNER_CHANGED:
        return "listener_owner_changed";
    case EVENT_PORT_STOLEN:
        return "port_stolen";
    case EVENT_ACCEPT_QUEUE_OVERFLOWED:
        return "accept_queue_overflowed";
    case EVENT_CONFIG_RELOADED:
        return "config_reloaded";
    case EVENT_CONFIG_REFUSED:
        return "config_refused";
    case EVENT_ROUND_FAILED:
        return "round_failed";
    case EVENT_ROUND_RECOVERED:
        return "round_recovered";
    case EVENT_SOURCE_CHANGED:
        return "source_changed";
    case EVENT_AGENT_STARTED:
        return "agent_started";
    }
    return "?";
}

void event_say(struct event *event, const char *format, ...)
{
    size_t length = strlen(event->text);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(event->text + length, sizeof(event->text) - length, format, arguments);
    va_end(arguments);
}
