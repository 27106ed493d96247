#include "dice.h"

#define COUNT_OF(array) ((uint32_t)(sizeof(array) / sizeof((array)[0])))

struct dice dice_new(uint64_t seed)
{
    return (struct dice){.state = seed};
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next(struct dice *dice)
{
    uint64_t value = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

uint32_t dice_roll(struct dice *dice, uint32_t sides)
{
    return (uint32_t)((next(dice) >> 32) * sides >> 32);
}

bool dice_chance(struct dice *dice, uint32_t percent)
{
    return dice_roll(dice, 100) < percent;
}

static enum role roll_client(struct dice *dice)
{
    static const enum role roles[] = {ROLE_CLIENT,   ROLE_CLIENT,    ROLE_CLIENT, ROLE_AUTOBIND,
                                      ROLE_AUTOBIND, ROLE_BIND_ZERO, ROLE_NO_PORT};
    return roles[dice_roll(dice, COUNT_OF(roles))];
}

/* TIME_WAITs and listeners are what ports are mostly full of. */
static enum sock_state roll_server_state(struct dice *dice)
{
    static const enum sock_state states[] = {
        SOCK_LISTEN,         SOCK_LISTEN,      SOCK_LISTEN,     SOCK_LISTEN,    SOCK_BOUND_INACTIVE,
        SOCK_BOUND_INACTIVE, SOCK_TIME_WAIT,   SOCK_TIME_WAIT,  SOCK_TIME_WAIT, SOCK_TIME_WAIT,
        SOCK_ESTABLISHED,    SOCK_ESTABLISHED, SOCK_CLOSE_WAIT, SOCK_FIN_WAIT1, SOCK_FIN_WAIT2,
        SOCK_FIN_WAIT2,      SOCK_CLOSING,     SOCK_LAST_ACK,   SOCK_SYN_RECV,
    };
    return states[dice_roll(dice, COUNT_OF(states))];
}

static enum sock_state roll_client_state(struct dice *dice, enum role role)
{
    static const enum sock_state states[] = {
        SOCK_SYN_SENT, SOCK_ESTABLISHED, SOCK_ESTABLISHED, SOCK_CLOSE_WAIT, SOCK_FIN_WAIT1, SOCK_FIN_WAIT2,
        SOCK_CLOSING,  SOCK_LAST_ACK,    SOCK_TIME_WAIT,   SOCK_TIME_WAIT,  SOCK_TIME_WAIT,
    };
    /* A reset takes the port from whom bind() has not given it. */
    if (role == ROLE_CLIENT && dice_chance(dice, 10))
        return SOCK_BOUND_INACTIVE;
    return states[dice_roll(dice, COUNT_OF(states))];
}

static bool roll_orphan(struct dice *dice, const struct tenant *tenant)
{
    switch (tenant->state) {
    case SOCK_FIN_WAIT1:
    case SOCK_FIN_WAIT2:
    case SOCK_CLOSING:
    case SOCK_LAST_ACK:
        return dice_chance(dice, 60);
    case SOCK_TIME_WAIT:
        return dice_chance(dice, 85);
    case SOCK_ESTABLISHED:
    case SOCK_CLOSE_WAIT:
        return tenant->role == ROLE_SERVER && dice_chance(dice, 15);
    case SOCK_SYN_SENT:
    case SOCK_SYN_RECV:
    case SOCK_CLOSE:
    case SOCK_LISTEN:
    case SOCK_BOUND_INACTIVE:
        return false;
    }
    return false;
}

static bool is_accepted(const struct tenant *tenant)
{
    return tenant->role == ROLE_SERVER && tenant->state != SOCK_LISTEN && tenant->state != SOCK_BOUND_INACTIVE;
}

static void roll_tcp(struct dice *dice, struct tenant *tenant)
{
    tenant->role = dice_chance(dice, 65) ? ROLE_SERVER : roll_client(dice);
    tenant->state = tenant->role == ROLE_SERVER ? roll_server_state(dice) : roll_client_state(dice, tenant->role);
    tenant->orphan = roll_orphan(dice, tenant);
    bool in_queue = tenant->orphan && (tenant->state == SOCK_ESTABLISHED || tenant->state == SOCK_CLOSE_WAIT);
    tenant->listener_stays = is_accepted(tenant) && (in_queue || dice_chance(dice, 15));
    bool has_end = tenant->state != SOCK_SYN_SENT && tenant->state != SOCK_SYN_RECV && !in_queue &&
                   (is_accepted(tenant) || tenant->role != ROLE_SERVER);
    if (has_end && dice_chance(dice, 15))
        tenant->afterthought = dice_chance(dice, 50) ? AFTERTHOUGHT_SET : AFTERTHOUGHT_CLEAR;
    /* No peer comes by the other device. */
    if (tenant->device == DEVICE_SANDBOX && (is_accepted(tenant) || tenant->role != ROLE_SERVER))
        tenant->device = DEVICE_LO;
    tenant->mptcp = tenant->role == ROLE_SERVER && !is_accepted(tenant) && dice_chance(dice, 10);
}

static void roll_udp(struct dice *dice, struct tenant *tenant)
{
    tenant->protocol = PROTOCOL_UDP;
    tenant->role = dice_chance(dice, 80) ? ROLE_SERVER : ROLE_AUTOBIND;
    bool connected = tenant->role == ROLE_AUTOBIND || dice_chance(dice, 25);
    tenant->state = connected ? SOCK_ESTABLISHED : SOCK_CLOSE;
}

struct tenant dice_tenant(struct dice *dice)
{
    struct tenant tenant = {
        .spot = dice_roll(dice, SPOT_COUNT),
        .ipv6 = dice_chance(dice, 50),
        .reuseaddr = dice_chance(dice, 60),
        .reuseport = dice_chance(dice, 30),
        .foreign = dice_chance(dice, 20),
        .device = dice_chance(dice, 15) ? 1 + dice_roll(dice, DEVICE_COUNT - 1) : DEVICE_NONE,
    };
    if (dice_chance(dice, 80))
        roll_tcp(dice, &tenant);
    else
        roll_udp(dice, &tenant);
    return tenant;
}

const char *dice_address(struct dice *dice)
{
    /* 127.0.0.6 is what the kernel writes into the IPv4 address of IPv6 sockets. */
    static const char *const addresses[] = {"0.0.0.0", "127.0.0.1", "127.0.0.2", "127.0.0.6", "::", "::1"};
    return addresses[dice_roll(dice, COUNT_OF(addresses))];
}
