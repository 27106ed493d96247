/* Rounds of a census, from lines of a world. Include after <cmocka.h>. */
#pragma once

#include "base/clock.h"
#include "world.h"

#define HOUR_NS (3600 * CLOCK_NS_PER_S)

static inline struct census *census_round_new(const struct census_limits *limits)
{
    struct census *census = NULL;
    assert_int_equal(census_new(limits, &census), 0);
    return census;
}

/* Those of the agent without flags. */
static inline struct census_limits census_round_limits(size_t max_ports)
{
    return (struct census_limits){.max_ports = max_ports, .track_listeners = true, .forget_after_ns = HOUR_NS};
}

static inline struct census *census_round_usual(size_t max_ports)
{
    struct census_limits limits = census_round_limits(max_ports);
    return census_round_new(&limits);
}

/* census_configure() with these ports to watch: {PROTOCOL_TCP, 80}, … */
#define census_round_configure(census, limits, ...)                                                                    \
    census_configure((census), (limits), (const struct census_watch[]){__VA_ARGS__},                                   \
                     sizeof((const struct census_watch[]){__VA_ARGS__}) / sizeof(struct census_watch))

static inline void census_round_begin(struct census *census, int64_t now_s)
{
    struct kernel_settings settings = world_settings();
    census_begin(census, now_s * CLOCK_NS_PER_S, &settings);
}

static inline void census_round_take(struct census *census, int64_t now_s, const char *const *lines)
{
    census_round_begin(census, now_s);
    world_enter(census, lines);
    census_end(census);
}

static inline uint64_t census_round_sockets(const struct census_port *port)
{
    uint64_t sum = 0;
    for (size_t state = 0; state < SOCK_STATE_COUNT; state++)
        sum += port->states[state];
    return sum;
}
