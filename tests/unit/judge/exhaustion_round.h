/* Rounds in which source ports are taken, and what is found in them. Include after <cmocka.h>. */
#pragma once

#include "base/clock.h"
#include "judge/exhaustion.h"
#include "world.h"

#define EXHAUSTION_ROUND_SOURCE "10.0.0.1"

/* ip_local_port_range is 40000–40099, tcp_tw_reuse off. */
static inline struct kernel_settings exhaustion_round_settings(void)
{
    struct kernel_settings settings = world_settings();
    settings.local_port_low = 40000;
    settings.local_port_high = 40099;
    settings.tw_reuse = 0;
    settings.tw_reuse_delay_ms = 1000;
    settings.timestamps = 1;
    return settings;
}

static inline void exhaustion_round_begin(struct census *census, int64_t now_s)
{
    struct kernel_settings settings = exhaustion_round_settings();
    census_begin(census, (1 + now_s) * CLOCK_NS_PER_S, &settings);
}

/* A census whose first round has begun. */
static inline struct census *exhaustion_round_new(int64_t tw_reuse)
{
    struct kernel_settings settings = exhaustion_round_settings();
    struct census_limits limits = {.max_ports = 16, .track_traffic = true, .forget_after_ns = CLOCK_NS_PER_S};
    struct census *census = NULL;
    assert_int_equal(census_new(&limits, &census), 0);
    settings.tw_reuse = tw_reuse;
    census_begin(census, CLOCK_NS_PER_S, &settings);
    return census;
}

static inline void exhaustion_round_end(struct census *census)
{
    census_end(census);
}

/* From EXHAUSTION_ROUND_SOURCE; to NULL: not connected. */
static inline struct sock exhaustion_round_sock(enum protocol protocol, enum sock_state state, uint16_t local_port,
                                                const char *to, uint16_t port)
{
    struct sock sock = {
        .protocol = protocol,
        .state = state,
        .direction = to != NULL && state != SOCK_TIME_WAIT ? DIRECTION_OUTBOUND : DIRECTION_UNKNOWN,
        .minisocket = state == SOCK_TIME_WAIT,
        .remaining_ms = state == SOCK_TIME_WAIT ? 30000 : 0,
        .local = world_address(EXHAUSTION_ROUND_SOURCE),
        .local_port = local_port,
        .remote_port = port,
        .cookie = (uint64_t)state << 32 | (uint64_t)port << 16 | local_port,
    };
    if (to != NULL)
        sock.remote = world_address(to);
    return sock;
}

static inline void exhaustion_round_add(struct census *census, enum protocol protocol, enum sock_state state,
                                        uint16_t first, uint16_t count, const char *to, uint16_t port)
{
    for (uint16_t i = 0; i < count; i++) {
        struct sock sock = exhaustion_round_sock(protocol, state, (uint16_t)(first + i), to, port);
        assert_int_equal(census_add(census, &sock), 0);
    }
}

/* count source ports from the first on, each with one socket. */
static inline void exhaustion_round_connect(struct census *census, int first, int count, const char *to, uint16_t port)
{
    exhaustion_round_add(census, PROTOCOL_TCP, SOCK_ESTABLISHED, (uint16_t)first, (uint16_t)count, to, port);
}

static inline void exhaustion_round_wait(struct census *census, int first, int count, const char *to, uint16_t port)
{
    exhaustion_round_add(census, PROTOCOL_TCP, SOCK_TIME_WAIT, (uint16_t)first, (uint16_t)count, to, port);
}

static inline void exhaustion_round_bind(struct census *census, int first, int count)
{
    exhaustion_round_add(census, PROTOCOL_TCP, SOCK_LISTEN, (uint16_t)first, (uint16_t)count, NULL, 0);
}

static inline void exhaustion_round_udp(struct census *census, int first, int count, const char *to, uint16_t port)
{
    exhaustion_round_add(census, PROTOCOL_UDP, to != NULL ? SOCK_ESTABLISHED : SOCK_CLOSE, (uint16_t)first,
                         (uint16_t)count, to, port);
}

/* After the end: bind() chose the ports of these connections. */
static inline void exhaustion_round_choose(struct census *census, int first, int count, const char *to, uint16_t port)
{
    for (int i = 0; i < count; i++) {
        struct sock sock = exhaustion_round_sock(PROTOCOL_TCP, SOCK_ESTABLISHED, (uint16_t)(first + i), to, port);
        census_add_chosen(census, &sock);
    }
}

/* asked: as a user types it, NULL for the fullest. */
static inline int exhaustion_round_find(const struct census *census, const struct kernel_settings *settings,
                                        const char *asked, struct exhaustion *ret_exhaustion)
{
    struct endpoint_range range;
    struct error error;
    if (asked != NULL)
        assert_int_equal(endpoint_parse(asked, &range, NULL), 0);
    return exhaustion_find(census, settings, asked != NULL ? &range.first : NULL, ret_exhaustion, &error);
}
