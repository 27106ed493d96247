#include "judge/ephemeral.h"

/* TCP_TIMEWAIT_LEN of include/net/tcp.h. */
#define TIME_WAIT_S 60.0

static uint32_t count_bits(uint64_t word)
{
    return word != 0 ? (uint32_t)__builtin_popcountll(word) : 0;
}

void ephemeral_range_of(const struct kernel_settings *settings, const struct port_set *bound,
                        const struct port_set *udp_used, struct ephemeral_range *ret_range)
{
    struct ephemeral_range range = {0};
    for (size_t i = 0; i < PORT_SET_WORDS; i++) {
        uint64_t all = kernel_range_word(settings, i);
        uint64_t reserved = settings->reserved_known ? all & settings->reserved.words[i] : 0;
        uint64_t open = all & ~reserved;
        range.size += count_bits(all);
        range.reserved += count_bits(reserved);
        range.bound += count_bits(open & bound->words[i]);
        range.udp_in_use += count_bits(open & udp_used->words[i]);
    }
    *ret_range = range;
}

uint32_t ephemeral_taken(const struct destination *destination)
{
    return destination->live + destination->time_wait;
}

static uint32_t less(uint32_t from, uint32_t what)
{
    return from > what ? from - what : 0;
}

uint32_t ephemeral_usable(const struct ephemeral_range *range, const struct destination *destination)
{
    uint32_t taken = ephemeral_taken(destination);
    uint32_t unreserved = less(range->size, range->reserved);
    if (destination->protocol == PROTOCOL_UDP)
        return taken + less(unreserved, range->udp_in_use);
    uint32_t open_to_all = less(unreserved, range->bound);
    uint32_t taken_of_those = less(taken, destination->chosen);
    return taken + less(open_to_all, taken_of_those) + destination->reusable;
}

double ephemeral_seconds_left(uint32_t usable, const struct destination *destination)
{
    double left = (double)usable - ephemeral_taken(destination);
    double entered = destination->entered_per_second;
    double growth = destination->growth_per_second;
    double still_to_come = entered * TIME_WAIT_S - destination->time_wait;
    if (left <= 0)
        return 0;
    if (still_to_come <= 0)
        return growth > 0 ? left / growth : -1;
    if (left * entered <= still_to_come * (entered + growth))
        return left / (entered + growth);
    return growth > 0 ? (left - still_to_come) / growth : -1;
}

double ephemeral_ratio(const struct ephemeral_range *range, const struct destination *destination)
{
    uint32_t usable = ephemeral_usable(range, destination);
    if (usable == 0)
        return range->size > 0 ? 1 : 0;
    return (double)ephemeral_taken(destination) / usable;
}
