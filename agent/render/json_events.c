#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "json_add.h"
#include "render/json.h"

static bool add_endpoint(cJSON *object, const struct endpoint *endpoint)
{
    if (endpoint->port == 0)
        return json_add_null(object, "protocol") && json_add_null(object, "address") && json_add_null(object, "port");
    char address[ADDRESS_TEXT_MAX];
    endpoint_address_format(endpoint, address);
    return json_add_text(object, "protocol", protocol_name(endpoint->protocol)) &&
           json_add_text(object, "address", address) && json_add_number(object, "port", endpoint->port);
}

static bool add_event(cJSON *object, const struct event *event)
{
    return json_add_number(object, "id", (double)event->id) && json_add_time_ms(object, "at", event->at_ns) &&
           json_add_text(object, "kind", event_kind_name(event->kind)) &&
           json_add_text(object, "netns", event->netns) && add_endpoint(object, &event->endpoint) &&
           json_add_text(object, "text", event->text);
}

int json_events(const struct events_page *page, struct buf *buf)
{
    cleanup(json_add_freep) cJSON *root = cJSON_CreateObject();
    /* Text, as a JSON number holds no 64 bits. */
    char instance[20];
    (void)snprintf(instance, sizeof(instance), "%016" PRIx64, page->instance);
    cJSON *array = NULL;
    if (!json_add_text(root, "instance", instance) || (array = json_add_array(root, "events")) == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < page->count; i++)
        if (!add_event(json_add_row(array), &page->items[i]))
            return -ENOMEM;
    return json_add_to_buf(root, buf);
}
