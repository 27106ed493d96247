/*
 * make_time_wait [--reuseaddr] [--stay] LISTEN_ADDRESS PORT COUNT [TO_ADDRESS]
 *
 * COUNT short connections to one port, closed by the server first: COUNT TIME_WAIT sockets on it, each with another
 * peer. Clients come from 127.0.0.1, 127.0.0.2 … when one address has not ports enough, or from ::1. TO_ADDRESS: where
 * clients connect to, when the server listens on a wildcard. With --stay the listener lives until standard input ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/parse.h"

#define BACKLOG 128
#define CLIENT_PORT_LOW 10000U
#define CLIENT_PORT_HIGH 60000U

union place {
    struct sockaddr generic;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
};

struct order {
    bool reuseaddr;
    bool stay;
    union place listen;
    union place to;
    uint16_t port;
    uint64_t count;
};

static int give_up(const char *what)
{
    (void)fprintf(stderr, "make_time_wait: %s: %s\n", what, strerror(errno));
    return -1;
}

static socklen_t length_of(const union place *place)
{
    return place->generic.sa_family == AF_INET ? sizeof(place->ipv4) : sizeof(place->ipv6);
}

static int read_place(const char *address, uint16_t port, union place *ret_place)
{
    union place place = {0};
    if (inet_pton(AF_INET, address, &place.ipv4.sin_addr) == 1) {
        place.ipv4.sin_family = AF_INET;
        place.ipv4.sin_port = htons(port);
    } else if (inet_pton(AF_INET6, address, &place.ipv6.sin6_addr) == 1) {
        place.ipv6.sin6_family = AF_INET6;
        place.ipv6.sin6_port = htons(port);
    } else {
        return -EINVAL;
    }
    *ret_place = place;
    return 0;
}

static int open_listener(const struct order *order)
{
    cleanup(cleanup_close) int fd = socket(order->listen.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (fd < 0 || (order->reuseaddr && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0) ||
        bind(fd, &order->listen.generic, length_of(&order->listen)) < 0 || listen(fd, BACKLOG) < 0)
        return give_up("no listener");
    return steal_fd(&fd);
}

/* The place after *client: the next port, then the first port of the next address of 127.0.0.0/8. */
static void advance(union place *client, uint16_t server_port)
{
    in_port_t *port = client->generic.sa_family == AF_INET ? &client->ipv4.sin_port : &client->ipv6.sin6_port;
    unsigned next = ntohs(*port) + 1U;
    if (next == server_port)
        next++;
    if (next > CLIENT_PORT_HIGH) {
        next = CLIENT_PORT_LOW;
        client->ipv4.sin_addr.s_addr = htonl(ntohl(client->ipv4.sin_addr.s_addr) + 1);
    }
    *port = htons((uint16_t)next);
}

/* A connected client on *client, or on the next place that is free. */
static int connect_client(const struct order *order, union place *client)
{
    cleanup(cleanup_close) int fd = socket(order->to.generic.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return give_up("no client");
    while (bind(fd, &client->generic, length_of(client)) < 0) {
        if (errno != EADDRINUSE)
            return give_up("no port for the client");
        advance(client, order->port);
    }
    if (connect(fd, &order->to.generic, length_of(&order->to)) < 0)
        return give_up("no connection");
    return steal_fd(&fd);
}

static int make_one(const struct order *order, int listener, union place *client)
{
    cleanup(cleanup_close) int near = connect_client(order, client);
    if (near < 0)
        return -1;
    int far = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (far < 0)
        return give_up("no connection accepted");
    (void)close(far); /* first: the TIME_WAIT is the server's */
    char byte;
    return read(near, &byte, 1) == 0 ? 0 : give_up("the server's end was not seen");
}

static int make_all(const struct order *order)
{
    cleanup(cleanup_close) int listener = open_listener(order);
    if (listener < 0)
        return -1;
    union place client;
    const char *from = order->to.generic.sa_family == AF_INET ? "127.0.0.1" : "::1";
    if (read_place(from, CLIENT_PORT_LOW, &client) < 0)
        return -1;
    for (uint64_t i = 0; i < order->count; i++) {
        if (make_one(order, listener, &client) < 0)
            return -1;
        advance(&client, order->port);
    }
    (void)printf("made %llu\n", (unsigned long long)order->count);
    (void)fflush(stdout);
    char byte;
    while (order->stay && read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    return 0;
}

static int read_order(int argc, char **argv, struct order *ret_order)
{
    struct order order = {0};
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        order.reuseaddr |= strcmp(argv[at], "--reuseaddr") == 0;
        order.stay |= strcmp(argv[at], "--stay") == 0;
    }
    uint64_t port = 0;
    if (argc - at < 3 || argc - at > 4 || parse_uint(argv[at + 1], UINT16_MAX, &port) < 0 ||
        parse_uint(argv[at + 2], UINT32_MAX, &order.count) < 0)
        return -EINVAL;
    order.port = (uint16_t)port;
    if (read_place(argv[at], order.port, &order.listen) < 0)
        return -EINVAL;
    int r = read_place(argc - at == 4 ? argv[at + 3] : argv[at], order.port, &order.to);
    if (r == 0)
        *ret_order = order;
    return r;
}

int main(int argc, char **argv)
{
    struct order order;
    if (read_order(argc, argv, &order) < 0) {
        (void)fprintf(stderr, "make_time_wait [--reuseaddr] [--stay] LISTEN_ADDRESS PORT COUNT [TO_ADDRESS]\n");
        return 2;
    }
    return make_all(&order) < 0 ? 1 : 0;
}
