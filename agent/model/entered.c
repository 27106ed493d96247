#include "model/entered.h"

#include <errno.h>

#define PORTS 65536
#define SUMS 2

struct entered {
    size_t max_ports;
    size_t count;                     /* of counters in use, the sums among them */
    struct entered_counter *counters; /* owned; the sums first */
    uint32_t index[PORTS];            /* into counters; 0: none, for the sums have no port */
};

int entered_new(size_t max_ports, struct entered **ret_entered)
{
    struct entered *entered = calloc(1, sizeof(*entered));
    if (entered == NULL)
        return -ENOMEM;
    entered->counters = calloc(max_ports + SUMS, sizeof(*entered->counters));
    if (entered->counters == NULL) {
        free(entered);
        return -ENOMEM;
    }
    entered->max_ports = max_ports;
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
    free(entered->counters);
    free(entered);
}

int entered_reserve(struct entered *entered, size_t max_ports)
{
    if (max_ports <= entered->max_ports)
        return 0;
    struct entered_counter *counters = reallocarray(entered->counters, max_ports + SUMS, sizeof(*counters));
    if (counters == NULL)
        return -ENOMEM;
    size_t former = entered->max_ports + SUMS;
    memset(&counters[former], 0, (max_ports + SUMS - former) * sizeof(*counters));
    entered->counters = counters;
    entered->max_ports = max_ports;
    return 0;
}

bool entered_label(struct entered *entered, uint16_t port)
{
    if (entered->index[port] != 0)
        return true;
    if (entered->count == entered->max_ports + SUMS)
        return false;
    entered->counters[entered->count].label = port;
    entered->index[port] = (uint32_t)entered->count++;
    return true;
}

void entered_begin(struct entered *entered)
{
    for (size_t i = 0; i < entered->count; i++)
        entered->counters[i].fresh = 0;
}

void entered_add(struct entered *entered, uint16_t port, bool ephemeral)
{
    uint32_t index = entered->index[port];
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
    uint32_t index = entered->index[port];
    return index != 0 ? &entered->counters[index] : NULL;
}
