#include "change_look.h"

#include <stdio.h>
#include <string.h>

struct event change_look_event(const struct change_look *look, enum event_kind kind, const struct endpoint *endpoint)
{
    struct event event = {.at_ns = look->at_ns, .kind = kind};
    (void)snprintf(event.netns, sizeof(event.netns), "%s", look->now->name);
    if (endpoint != NULL) {
        char text[ENDPOINT_TEXT_MAX];
        endpoint_format(endpoint, text);
        event.endpoint = *endpoint;
        event_say(&event, strcmp(event.netns, "self") == 0 ? "%s: " : "%s in %s: ", text, event.netns);
    }
    return event;
}

void change_look_emit(const struct change_look *look, const struct event *event)
{
    look->emit(look->context, event);
}
