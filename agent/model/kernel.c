#include "model/kernel.h"

#include <string.h>

bool port_set_has(const struct port_set *set, uint16_t port)
{
    return (set->words[port / 64] >> (port % 64) & 1) != 0;
}

void port_set_add(struct port_set *set, uint16_t port)
{
    set->words[port / 64] |= UINT64_C(1) << (port % 64);
}

void port_set_clear(struct port_set *set)
{
    for (size_t i = 0; i < PORT_SET_WORDS; i++)
        if (set->words[i] != 0)
            set->words[i] = 0;
}

void port_set_copy(struct port_set *set, const struct port_set *from)
{
    for (size_t i = 0; i < PORT_SET_WORDS; i++)
        if (set->words[i] != from->words[i])
            set->words[i] = from->words[i];
}

void kernel_settings_copy(struct kernel_settings *settings, const struct kernel_settings *from)
{
    memcpy(settings, from, offsetof(struct kernel_settings, reserved));
    port_set_copy(&settings->reserved, &from->reserved);
}

uint64_t kernel_range_word(const struct kernel_settings *settings, size_t index)
{
    if (settings->local_port_low == KERNEL_UNKNOWN || settings->local_port_high == KERNEL_UNKNOWN)
        return 0;
    int64_t first = (int64_t)index * 64;
    int64_t low = settings->local_port_low > first ? settings->local_port_low - first : 0;
    int64_t high = settings->local_port_high < first + 63 ? settings->local_port_high - first : 63;
    return low > high ? 0 : UINT64_MAX << low & UINT64_MAX >> (63 - high);
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

int64_t kernel_reserved_count(const struct kernel_settings *settings)
{
    if (!settings->reserved_known || settings->local_port_low == KERNEL_UNKNOWN ||
        settings->local_port_high == KERNEL_UNKNOWN)
        return KERNEL_UNKNOWN;
    int64_t count = 0;
    for (size_t i = 0; i < PORT_SET_WORDS; i++) {
        uint64_t reserved = settings->reserved.words[i];
        if (reserved != 0)
            count += __builtin_popcountll(reserved & kernel_range_word(settings, i));
    }
    return count;
}

bool kernel_is_at_least(const struct kernel_settings *settings, int64_t major, int64_t minor)
{
    return settings->release_major > major || (settings->release_major == major && settings->release_minor >= minor);
}

/* The coarsest tick that Linux can be built with. */
#define COARSEST_TICK_MS 10
#define WHEEL_SLOTS 64
#define WHEEL_STEP 8

/* At no tick is a level's step coarser than 8/63 of what is armed in it: what is said then is late rather than wrong.
 */
static int64_t slack_at_any_tick_ms(int64_t armed_ms)
{
    return armed_ms * WHEEL_STEP / (WHEEL_SLOTS - 1) + 2 * COARSEST_TICK_MS;
}

int64_t kernel_timer_slack_ms(const struct kernel_settings *settings, int64_t armed_ms)
{
    int64_t tick_ns = settings->tick_ns;
    if (tick_ns == KERNEL_UNKNOWN)
        return slack_at_any_tick_ms(armed_ms);
    int64_t armed_ticks = armed_ms * 1000000 / tick_ns;
    int64_t granularity = 1;
    for (int64_t level_end = WHEEL_SLOTS - 1; armed_ticks >= level_end; level_end *= WHEEL_STEP)
        granularity *= WHEEL_STEP;
    int64_t slack_ns = (granularity + 1) * tick_ns;
    return (slack_ns + 999999) / 1000000;
}
