#include "text_destinations.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "view.h"

struct place {
    char destination[ENDPOINT_TEXT_MAX];
    char source[ADDRESS_TEXT_MAX];
};

static struct place place_of(const struct destination *counts)
{
    struct place place;
    struct endpoint endpoint = {.protocol = counts->protocol, .address = counts->destination, .port = counts->port};
    endpoint_format(&endpoint, place.destination);
    address_format(&counts->source, place.source);
    return place;
}

static int wider(int width, const char *text)
{
    int length = (int)strlen(text);
    return length > width ? length : width;
}

void text_destinations(const struct report_traffic *traffic, struct buf *buf)
{
    if (traffic->destination_count == 0)
        return;
    int destination_width = (int)strlen("DESTINATION");
    int source_width = (int)strlen("SOURCE");
    for (size_t i = 0; i < traffic->destination_count; i++) {
        struct place place = place_of(&traffic->destinations[i].counts);
        destination_width = wider(destination_width, place.destination);
        source_width = wider(source_width, place.source);
    }
    buf_printf(buf, "\n%-*s  %-*s   LIVE  TIME_WAIT  EPHEMERAL PORTS TAKEN\n", destination_width, "DESTINATION",
               source_width, "SOURCE");
    for (size_t i = 0; i < traffic->destination_count; i++) {
        const struct report_destination *row = &traffic->destinations[i];
        struct place place = place_of(&row->counts);
        buf_printf(buf, "%-*s  %-*s  %5" PRIu32 "  %9" PRIu32 "  %" PRIu32 " %% of %s%" PRIu32 "\n", destination_width,
                   place.destination, source_width, place.source, row->counts.live, row->counts.time_wait,
                   view_percent_taken(row), row->at_most ? "at most " : "", row->usable);
    }
}
