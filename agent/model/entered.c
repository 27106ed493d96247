#include "model/entered.h"

#include <errno.h>

#include "portindex.h"

#define SUMS 2

struct entered {
    size_t max_ports;
    size_t count;                     /* of counters in use, the sums among them */
    size_t capacity;                  /* of counters */
    struct entered_counter *counters; /* owned; the sums first */
    struct portindex index;           /* into counters; 0: none, for the sums have no port */
};

int entered_new(size_t max_ports, struct entered **ret_entered)
{
    struct entered *entered = calloc(1, sizeof(*entered));
    if (entered == NULL)
        return -ENOMEM;
    entered->counters = calloc(SUMS, sizeof(*entered->counters));
    if (entered->counters == NULL) {
        free(entered);
        return -ENOMEM;
    }
    entered->max_ports = max_ports;
    entered->capacity = SUMS;
    entered->counters[0].label = ENTERED_EPHEMERAL;
    entered->counters[1].label = ENTERED_OTHER;
    entered->count = SUMS;
    *ret_entered = entered;
    return 0;
}

void entered_free(struct entered *entered)
{
    if (entered == NULL)
        return;
    portindex_done(&entered->index);
    free(entered->counters);
    free(entered);
}

void entered_allow(struct entered *entered, size_t max_ports)
{
    if (max_ports > entered->max_ports)
        entered->max_ports = max_ports;
}

static bool make_room(struct entered *entered)
{
    if (entered->count < entered->capacity)
        return true;
    size_t capacity = entered->capacity * 2;
    struct entered_counter *counters = reallocarray(entered->counters, capacity, sizeof(*counters));
    if (counters == NULL)
        return false;
    entered->counters = counters;
    entered->capacity = capacity;
    return true;
}

bool entered_label(struct entered *entered, uint16_t port)
{
    if (portindex_of(&entered->index, port) != 0)
        return true;
    if (entered_ports(entered) == entered->max_ports || !make_room(entered) ||
        portindex_reserve(&entered->index, port) < 0)
        return false;
    entered->counters[entered->count] = (struct entered_counter){.label = port};
    portindex_set(&entered->index, port, (uint32_t)entered->count++);
    return true;
}

void entered_begin(struct entered *entered)
{
    for (size_t i = 0; i < entered->count; i++)
        entered->counters[i].fresh = 0;
}

void entered_add(struct entered *entered, uint16_t port, bool ephemeral)
{
    uint32_t index = portindex_of(&entered->index, port);
    if (index == 0)
        index = ephemeral ? 0 : 1;
    entered->counters[index].fresh++;
}

void entered_end(struct entered *entered)
{
    for (size_t i = 0; i < entered->count; i++)
        entered->counters[i].total += entered->counters[i].fresh;
}

size_t entered_ports(const struct entered *entered)
{
    return entered->count - SUMS;
}

size_t entered_count(const struct entered *entered)
{
    return entered->count;
}

const struct entered_counter *entered_at(const struct entered *entered, size_t index)
{
    size_t ports = entered->count - SUMS;
    return &entered->counters[index < ports ? index + SUMS : index - ports];
}

const struct entered_counter *entered_of(const struct entered *entered, uint16_t port)
{
    uint32_t index = portindex_of(&entered->index, port);
    return index != 0 ? &entered->counters[index] : NULL;
}
