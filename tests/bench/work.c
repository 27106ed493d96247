/*
 * work fold SOCKETS | work render REPORTS: what a round and a render do, without the kernel and without a clock, for
 * callgrind to count (--toggle-collect leaves out what makes the dump). fold: rounds over the same TIME_WAITs, as the
 * kernel would send them; render: the metrics of a report.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/parse.h"
#include "model/census.h"
#include "render/metrics.h"
#include "report_sample.h"
#include "sockdiag_answer.h"

#define ROUNDS 4
#define ROUND_NS (5 * CLOCK_NS_PER_S)
#define FIRST_PORT 20000
#define PORTS 40000
#define SERVER_PORT 7000
#define FIRST_COOKIE 4096
#define SEQUENCE 1
/* As many as the kernel puts into a datagram of 32 KiB. */
#define MESSAGES 455
#define RENDER_MAX ((size_t)1 << 20)

struct message {
    struct nlmsghdr header;
    struct inet_diag_msg socket;
};

/* The i-th of the dump: a server's end and its client's in turn. */
static void message_put(struct message *message, uint64_t i)
{
    uint64_t client = i / 2;
    uint16_t ports[2] = {SERVER_PORT, (uint16_t)(FIRST_PORT + client % PORTS)};
    uint32_t addresses[2] = {htonl(INADDR_LOOPBACK), htonl(INADDR_LOOPBACK + (uint32_t)(client / PORTS) + 1)};
    bool is_client = i % 2 == 1;
    *message = (struct message){
        .header = {.nlmsg_len = sizeof(*message),
                   .nlmsg_type = TCPDIAG_GETSOCK,
                   .nlmsg_flags = NLM_F_MULTI,
                   .nlmsg_seq = SEQUENCE},
        .socket = {.idiag_family = AF_INET, .idiag_state = 6, .idiag_timer = 3, .idiag_expires = 30000},
    };
    struct inet_diag_sockid *id = &message->socket.id;
    id->idiag_sport = htons(ports[is_client]);
    id->idiag_dport = htons(ports[!is_client]);
    id->idiag_src[0] = addresses[is_client];
    id->idiag_dst[0] = addresses[!is_client];
    uint64_t cookie = FIRST_COOKIE + i;
    id->idiag_cookie[0] = (uint32_t)cookie;
    id->idiag_cookie[1] = (uint32_t)(cookie >> 32);
}

static int add_to_census(void *context, const struct sock *sock)
{
    return census_add(context, sock);
}

static int walk(struct census *census, uint64_t sockets)
{
    struct message datagram[MESSAGES];
    const struct sockdiag_answer answer = {
        .protocol = PROTOCOL_TCP, .sequence = SEQUENCE, .visit = add_to_census, .context = census};
    struct error error;
    bool done;
    int r = 0;
    for (uint64_t i = 0; r == 0 && i < sockets;) {
        size_t count = 0;
        for (; count < MESSAGES && i < sockets; count++, i++)
            message_put(&datagram[count], i);
        r = sockdiag_answer_read(&answer, datagram, count * sizeof(*datagram), &done, &error);
    }
    return r;
}

static int fold(uint64_t sockets)
{
    const struct census_limits limits = {.max_ports = 256, .track_listeners = true, .track_traffic = true};
    const struct kernel_settings settings = {.local_port_low = FIRST_PORT, .local_port_high = FIRST_PORT + PORTS};
    cleanup(census_freep) struct census *census = NULL;
    int r = census_new(&limits, &census);
    for (int64_t round = 1; r == 0 && round <= ROUNDS; round++) {
        census_begin(census, round * ROUND_NS, &settings);
        r = walk(census, sockets);
        census_end(census);
    }
    return r;
}

static int render(uint64_t reports)
{
    cleanup(report_sample_freep) struct report *report = report_sample_host();
    for (uint64_t i = 0; i < reports; i++) {
        cleanup(buf_done) struct buf buf;
        buf_init(&buf, RENDER_MAX);
        metrics_render(report, METRICS_PROMETHEUS, &buf);
        if (buf.failure < 0)
            return buf.failure;
    }
    return 0;
}

int main(int argc, char **argv)
{
    uint64_t count = 0;
    int r = -EINVAL;
    if (argc == 3 && parse_uint(argv[2], UINT32_MAX, &count) == 0 && strcmp(argv[1], "fold") == 0)
        r = fold(count);
    else if (argc == 3 && parse_uint(argv[2], UINT32_MAX, &count) == 0 && strcmp(argv[1], "render") == 0)
        r = render(count);
    if (r < 0)
        (void)fprintf(stderr, "work fold SOCKETS | work render REPORTS: %s\n", strerror(-r));
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
