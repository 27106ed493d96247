/*
 * make_time_wait [OPTION...] LISTEN_ADDRESS PORT COUNT [TO_ADDRESS]
 *
 * COUNT short connections to one port. The server closes first, so that COUNT TIME_WAITs are left on it, each with
 * another peer. TO_ADDRESS: where clients connect to, when the server listens on a wildcard.
 *
 *   --reuseaddr              the server sets SO_REUSEADDR
 *   --stay                   the listener lives until standard input ends
 *   --closer=server|client|both   who closes first; both: COUNT TIME_WAITs at each end
 *   --rate=N                 N connections a second; else as fast as it goes
 *   --from=ADDRESS           of the first client, else 127.0.0.1 or ::1. For IPv4 the next one follows when its ports
 *                            are used up
 *   --client-ports=LOW-HIGH  else 10000-60000
 *
 * No client's place is used twice, so that no TIME_WAIT makes room for a new connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/parse.h"
#include "short_connection.h"

/* Of connections whose ends close at the same time. */
#define BATCH 400

struct order {
    bool reuseaddr;
    bool stay;
    enum closer closer;
    uint64_t rate; /* 0: none */
    const char *from_address;
    uint64_t client_port_low;
    uint64_t client_port_high;
    union place listen;
    union place to;
    uint16_t port;
    uint64_t count;
};

static in_port_t *port_of(union place *place)
{
    return place->generic.sa_family == AF_INET ? &place->ipv4.sin_port : &place->ipv6.sin6_port;
}

/* To the next place: the next port, then the first port of the next address. Port 0 when there is none. */
static void advance(union place *client, const struct order *order)
{
    unsigned next = ntohs(*port_of(client)) + 1U;
    if (next == order->port)
        next++;
    if (next > order->client_port_high && client->generic.sa_family == AF_INET) {
        next = (unsigned)order->client_port_low;
        client->ipv4.sin_addr.s_addr = htonl(ntohl(client->ipv4.sin_addr.s_addr) + 1);
    }
    *port_of(client) = htons((uint16_t)(next <= order->client_port_high ? next : 0));
}

/* From *client, or from the next place that is free; *client is behind it then. */
static int connect_next(const struct order *order, int listener, union place *client,
                        struct short_connection *ret_connection)
{
    int r = -EADDRINUSE;
    while (r == -EADDRINUSE && *port_of(client) != 0) {
        r = short_connection_open(listener, client, &order->to, ret_connection);
        advance(client, order);
    }
    if (r == -EADDRINUSE)
        (void)fprintf(stderr, "make_time_wait: the clients have used up their ports\n");
    return r;
}

/* Until the connection with this number is due. */
static void keep_pace(const struct order *order, int64_t began_ns, uint64_t number)
{
    if (order->rate == 0)
        return;
    int64_t due_ns = began_ns + (int64_t)(number * (uint64_t)CLOCK_NS_PER_S / order->rate);
    const struct timespec due = {.tv_sec = due_ns / CLOCK_NS_PER_S, .tv_nsec = due_ns % CLOCK_NS_PER_S};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
        continue;
}

static int make_all(const struct order *order, int listener)
{
    union place client;
    if (place_read(order->from_address, (uint16_t)order->client_port_low, &client) < 0)
        return -1;
    struct short_connection batch[BATCH];
    size_t most = order->closer == CLOSER_BOTH ? BATCH : 1;
    int64_t began_ns = clock_monotonic_ns();
    for (uint64_t made = 0; made < order->count;) {
        size_t opened = 0;
        for (; opened < most && made < order->count; opened++, made++) {
            keep_pace(order, began_ns, made);
            if (connect_next(order, listener, &client, &batch[opened]) < 0)
                return -1;
        }
        if (short_connection_close(batch, opened, order->closer) < 0)
            return -1;
    }
    return 0;
}

static int run(const struct order *order)
{
    cleanup(cleanup_close) int listener = -1;
    if (short_connection_listen(&order->listen, order->reuseaddr, &listener) < 0 || make_all(order, listener) < 0)
        return -1;
    (void)printf("made %llu\n", (unsigned long long)order->count);
    (void)fflush(stdout);
    char byte;
    while (order->stay && read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    return 0;
}

/* What follows "NAME=" when the argument begins so, else NULL. */
static const char *value_of(const char *argument, const char *name)
{
    size_t length = strlen(name);
    return strncmp(argument, name, length) == 0 && argument[length] == '=' ? &argument[length + 1] : NULL;
}

static int read_closer(const char *text, enum closer *ret_closer)
{
    static const char *const names[] = {[CLOSER_SERVER] = "server", [CLOSER_CLIENT] = "client", [CLOSER_BOTH] = "both"};
    for (enum closer closer = CLOSER_SERVER; closer <= CLOSER_BOTH; closer++) {
        if (strcmp(text, names[closer]) == 0) {
            *ret_closer = closer;
            return 0;
        }
    }
    return -EINVAL;
}

static int read_ports(const char *text, struct order *order)
{
    char low[8] = "";
    const char *dash = strchr(text, '-');
    if (dash == NULL || (size_t)(dash - text) >= sizeof(low))
        return -EINVAL;
    memcpy(low, text, (size_t)(dash - text));
    if (parse_uint(low, UINT16_MAX, &order->client_port_low) < 0)
        return -EINVAL;
    return parse_uint(dash + 1, UINT16_MAX, &order->client_port_high);
}

static int read_option(const char *argument, struct order *order)
{
    const char *value;
    if (strcmp(argument, "--reuseaddr") == 0)
        order->reuseaddr = true;
    else if (strcmp(argument, "--stay") == 0)
        order->stay = true;
    else if ((value = value_of(argument, "--closer")) != NULL)
        return read_closer(value, &order->closer);
    else if ((value = value_of(argument, "--rate")) != NULL)
        return parse_uint(value, UINT32_MAX, &order->rate);
    else if ((value = value_of(argument, "--from")) != NULL)
        order->from_address = value;
    else if ((value = value_of(argument, "--client-ports")) != NULL)
        return read_ports(value, order);
    else
        return -EINVAL;
    return 0;
}

static int read_order(int argc, char **argv, struct order *ret_order)
{
    struct order order = {.client_port_low = 10000, .client_port_high = 60000};
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++)
        if (read_option(argv[at], &order) < 0)
            return -EINVAL;
    uint64_t port = 0;
    if (argc - at < 3 || argc - at > 4 || parse_uint(argv[at + 1], UINT16_MAX, &port) < 0 ||
        parse_uint(argv[at + 2], UINT32_MAX, &order.count) < 0)
        return -EINVAL;
    order.port = (uint16_t)port;
    if (place_read(argv[at], order.port, &order.listen) < 0 ||
        place_read(argc - at == 4 ? argv[at + 3] : argv[at], order.port, &order.to) < 0)
        return -EINVAL;
    if (order.from_address == NULL)
        order.from_address = order.to.generic.sa_family == AF_INET ? "127.0.0.1" : "::1";
    *ret_order = order;
    return 0;
}

int main(int argc, char **argv)
{
    struct order order;
    if (read_order(argc, argv, &order) < 0) {
        (void)fprintf(stderr, "make_time_wait [--reuseaddr] [--stay] [--closer=server|client|both] [--rate=N]\n"
                              "               [--from=ADDRESS] [--client-ports=LOW-HIGH]\n"
                              "               LISTEN_ADDRESS PORT COUNT [TO_ADDRESS]\n");
        return 2;
    }
    return run(&order) < 0 ? 1 : 0;
}
