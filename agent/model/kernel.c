#include "model/kernel.h"

bool port_set_has(const struct port_set *set, uint16_t port)
{
    return (set->words[port / 64] >> (port % 64) & 1) != 0;
}

void port_set_add(struct port_set *set, uint16_t port)
{
    set->words[port / 64] |= UINT64_C(1) << (port % 64);
}

bool kernel_port_in_range(const struct kernel_settings *settings, uint16_t port)
{
    return settings->local_port_low != KERNEL_UNKNOWN && settings->local_port_high != KERNEL_UNKNOWN &&
           port >= settings->local_port_low && port <= settings->local_port_high;
}

bool kernel_port_is_ephemeral(const struct kernel_settings *settings, uint16_t port)
{
    return kernel_port_in_range(settings, port) &&
           !(settings->reserved_known && port_set_has(&settings->reserved, port));
}

bool kernel_is_at_least(const struct kernel_settings *settings, int64_t major, int64_t minor)
{
    return settings->release_major > major ||
           (settings->release_major == major && settings->release_minor >= minor);
}

/* The coarsest tick that Linux can be built with: what is said then is late rather than wrong. */
#define COARSEST_TICK_NS INT64_C(10000000)
#define WHEEL_SLOTS 64
#define WHEEL_STEP 8

int64_t kernel_timer_slack_ms(const struct kernel_settings *settings, int64_t armed_ms)
{
    int64_t tick_ns = settings->tick_ns != KERNEL_UNKNOWN ? settings->tick_ns : COARSEST_TICK_NS;
    int64_t armed_ticks = armed_ms * 1000000 / tick_ns;
    int64_t granularity = 1;
    for (int64_t level_end = WHEEL_SLOTS - 1; armed_ticks >= level_end; level_end *= WHEEL_STEP)
        granularity *= WHEEL_STEP;
    int64_t slack_ns = (granularity + 1) * tick_ns;
    return (slack_ns + 999999) / 1000000;
}
