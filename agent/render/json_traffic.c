#include "json_traffic.h"

static bool add_exhausted(cJSON *object, double seconds)
{
    static const char key[] = "exhausted_in_seconds";
    return seconds < 0 ? json_add_null(object, key) : json_add_seconds(object, key, seconds);
}

static bool add_address(cJSON *object, const char *key, const struct address *address)
{
    char text[ADDRESS_TEXT_MAX];
    address_format(address, text);
    return json_add_text_or_null(object, key, address_is_wildcard(address) ? "" : text);
}

static bool add_port(cJSON *object, uint16_t port)
{
    static const char key[] = "destination_port";
    return port == 0 ? json_add_null(object, key) : json_add_number(object, key, port);
}

bool json_traffic_add_destination(cJSON *object, const struct report_destination *row)
{
    const struct destination *counts = &row->counts;
    cJSON *used = NULL;
    return json_add_text(object, "protocol", protocol_name(counts->protocol)) &&
           add_address(object, "source", &counts->source) && add_address(object, "destination", &counts->destination) &&
           add_port(object, counts->port) && (used = json_add_object(object, "used")) != NULL &&
           json_add_number(used, "live", counts->live) && json_add_number(used, "time_wait", counts->time_wait) &&
           (row->at_most ? json_add_null(object, "usable") : json_add_number(object, "usable", row->usable)) &&
           json_add_number(object, "time_wait_entered_total", (double)counts->entered_total) &&
           json_add_seconds(object, "time_wait_entered_per_second", counts->entered_per_second) &&
           add_exhausted(object, row->at_most ? -1 : row->exhausted_in_seconds);
}

bool json_traffic_add(cJSON *object, const struct report_traffic *traffic)
{
    cJSON *array = json_add_array(object, "destinations");
    for (size_t i = 0; i < traffic->destination_count; i++)
        if (!json_traffic_add_destination(json_add_row(array), &traffic->destinations[i]))
            return false;
    return array != NULL && json_add_number(object, "destinations_uncounted_sockets", (double)traffic->uncounted);
}
