#include "exhaustion_remedies.h"

#include <errno.h>

#include "base/buf.h"
#include "remedy_command.h"

#define TEXT_MAX 512
/* Every second port reserved makes a list of 200 KiB. */
#define COMMAND_MAX (256 * 1024)
/* A wider range begins here, or where unprivileged ports do: most services have ports below. */
#define WIDE_LOW 10240
#define NO_PORT                                                                                                        \
    "const int on = 1;\n"                                                                                              \
    "setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));"

struct advice {
    struct exhaustion *exhaustion;
    const struct kernel_settings *settings;
    const char *netns; /* as --netns takes it; NULL: the own one */
    struct buf text;   /* of the remedy that is being written */
    struct buf command;
    int failure; /* 0 or -ENOMEM; sticks */
};

/* Adds what was written. */
static void add(struct advice *advice, enum remedy_kind kind)
{
    struct remedy remedy = {.kind = kind};
    size_t length;
    int r = buf_steal(&advice->text, &remedy.text, &length);
    if (r == 0 && advice->command.length > 0)
        r = buf_steal(&advice->command, &remedy.command, &length);
    if (r < 0) {
        free(remedy.text);
        advice->failure = -ENOMEM;
        return;
    }
    advice->exhaustion->remedies[advice->exhaustion->remedy_count++] = remedy;
}

static bool is_on_loopback(const struct destination *counts)
{
    return address_is_loopback(&counts->source) || address_is_loopback(&counts->destination);
}

static void advise_tw_reuse(struct advice *advice)
{
    const struct kernel_settings *settings = advice->settings;
    bool elsewhere = settings->tw_reuse == 2 && !is_on_loopback(&advice->exhaustion->destination.counts);
    if (settings->timestamps == 0 || (settings->tw_reuse != 0 && !elsewhere))
        return;
    remedy_command_enter(&advice->command, advice->netns);
    buf_add_text(&advice->command, "sysctl -w net.ipv4.tcp_tw_reuse=1");
    buf_printf(&advice->text,
               "connect() then takes over a TIME_WAIT that is older than %g s, when both ends use TCP timestamps; it "
               "never helps bind()",
               (double)settings->tw_reuse_delay_ms / 1000);
    if (elsewhere)
        buf_add_text(&advice->text, ". Now it is 2, which does so on loopback only");
    add(advice, REMEDY_SETTING);
}

/* What a range from low to 65535 has more than the present one. */
struct widening {
    uint32_t gained;
    uint32_t servers; /* of the ports that it would take in: they must be reserved */
    struct port_set reserved;
};

static void widen(const struct kernel_settings *settings, const struct port_set *services, int64_t low,
                  struct widening *ret_widening)
{
    *ret_widening = (struct widening){.reserved = settings->reserved};
    for (int64_t number = low; number <= UINT16_MAX; number++) {
        uint16_t port = (uint16_t)number;
        if (kernel_port_in_range(settings, port) || port_set_has(&settings->reserved, port))
            continue;
        if (port_set_has(services, port)) {
            ret_widening->servers++;
            port_set_add(&ret_widening->reserved, port);
        } else {
            ret_widening->gained++;
        }
    }
}

static void advise_wider_range(struct advice *advice, const struct port_set *services)
{
    const struct kernel_settings *settings = advice->settings;
    int64_t low = settings->unprivileged_port_start > WIDE_LOW ? settings->unprivileged_port_start : WIDE_LOW;
    if (settings->local_port_low < low)
        low = settings->local_port_low;
    cleanup(cleanup_free) struct widening *widening = malloc(sizeof(*widening));
    if (widening == NULL) {
        advice->failure = -ENOMEM;
        return;
    }
    widen(settings, services, low, widening);
    if (widening->gained == 0)
        return;
    buf_printf(&advice->text, "%u ports more for every destination%s", widening->gained,
               advice->netns == NULL ? ", lasting in /etc/sysctl.d" : ", as long as the namespace lives");
    if (widening->servers > 0 && settings->reserved_known) {
        remedy_command_enter(&advice->command, advice->netns);
        remedy_command_reserve(&advice->command, &widening->reserved);
        buf_add_char(&advice->command, '\n');
        buf_printf(&advice->text, "; the first line keeps it from %u more that %s", widening->servers,
                   widening->servers == 1 ? "has a server" : "have servers");
    } else if (widening->servers > 0) {
        buf_printf(&advice->text, "; %u more %s: reserve first", widening->servers,
                   widening->servers == 1 ? "has a server" : "have servers");
    }
    remedy_command_enter(&advice->command, advice->netns);
    buf_printf(&advice->command, "sysctl -w net.ipv4.ip_local_port_range=\"%d %d\"", (int)low, UINT16_MAX);
    add(advice, REMEDY_SETTING);
}

static void advise_another_address(struct advice *advice)
{
    const struct address *source = &advice->exhaustion->destination.counts.source;
    bool any_is_local = source->family == FAMILY_IPV4 && address_is_loopback(source);
    buf_add_text(&advice->command, NO_PORT);
    buf_printf(&advice->text,
               "then bind() to another local address%s, port 0: each has as many ports again, and so has another "
               "address or port of the server. Without the option bind() takes its port from every destination",
               any_is_local ? ", such as 127.0.0.2" : "");
    add(advice, REMEDY_ADDRESS);
}

/* Where one process, or one service, has most of them. */
static void advise_stop(struct advice *advice)
{
    const struct exhaustion *exhaustion = advice->exhaustion;
    const struct exhaustion_opener *opener = &exhaustion->openers[0];
    if (exhaustion->kind != EXHAUSTION_FULL || exhaustion->opener_count == 0 ||
        opener->sockets * 2 < exhaustion->open || (opener->several && !remedy_command_has_service(&opener->owner)))
        return;
    remedy_command_stop(&advice->command, &opener->owner);
    buf_printf(&advice->text, "ends the process that has %u of them open", opener->sockets);
    add(advice, REMEDY_STOP);
}

static void advise_no_port(struct advice *advice, const char *text)
{
    buf_add_text(&advice->command, NO_PORT);
    buf_add_text(&advice->text, text);
    add(advice, REMEDY_CODE);
}

static void advise_code(struct advice *advice, const char *text)
{
    buf_add_text(&advice->text, text);
    add(advice, REMEDY_CODE);
}

static void advise_tcp(struct advice *advice, const struct port_set *services)
{
    switch (advice->exhaustion->filler) {
    case EXHAUSTION_BY_LIVE:
        advise_stop(advice);
        advise_wider_range(advice, services);
        advise_another_address(advice);
        advise_code(advice, "close connections that are not needed, and limit how many are open at a time");
        return;
    case EXHAUSTION_BY_TIME_WAIT:
        advise_tw_reuse(advice);
        advise_wider_range(advice, services);
        advise_another_address(advice);
        advise_code(advice, "reuse connections, with keep-alive or a pool: one port then serves many requests");
        return;
    case EXHAUSTION_BY_BIND:
        advise_wider_range(advice, services);
        advise_no_port(advice, "bind() no client to a port; where its address matters, to port 0, after this:");
        return;
    }
}

static void advise(struct advice *advice, const struct port_set *services)
{
    const struct exhaustion *exhaustion = advice->exhaustion;
    if (exhaustion->kind == EXHAUSTION_FAR) {
        if (exhaustion->unused[PROTOCOL_TCP] > 0)
            return;
        advise_wider_range(advice, services);
        advise_no_port(advice, "before a bind() to port 0 that connect() follows; connect() then picks the port:");
    } else if (exhaustion->destination.counts.protocol == PROTOCOL_TCP) {
        advise_tcp(advice, services);
    } else {
        advise_stop(advice);
        advise_wider_range(advice, services);
        advise_code(advice, "close UDP sockets that are done with, or use one for many peers");
    }
}

int exhaustion_remedies(struct exhaustion *exhaustion, const struct kernel_settings *settings,
                        const struct port_set *services, const char *netns)
{
    struct advice advice = {.exhaustion = exhaustion, .settings = settings, .netns = netns};
    buf_init(&advice.text, TEXT_MAX);
    buf_init(&advice.command, COMMAND_MAX);
    advise(&advice, services);
    buf_done(&advice.text);
    buf_done(&advice.command);
    return advice.failure;
}
