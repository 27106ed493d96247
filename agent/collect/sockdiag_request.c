#include "sockdiag_request.h"

#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

static struct nlmsghdr *put_header(uint8_t *buffer, uint16_t type, uint32_t sequence)
{
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = type;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request->nlmsg_seq = sequence;
    return request;
}

/*
 * Bytecode (net/ipv4/inet_diag.c, inet_diag_bc_run): local port >= the first, <= the last, and, for explicit binds, not
 * chosen by the kernel. A jump past the end rejects; only a jump of its own kind may follow a condition that holds.
 */
static void put_filter(struct nlmsghdr *request, const struct sockets_query *query)
{
    uint16_t last = query->last_port != 0 ? query->last_port : query->port;
    const struct inet_diag_bc_op ports[] = {
        {.code = INET_DIAG_BC_S_GE, .yes = 8, .no = 20},
        {.no = query->port},
        {.code = INET_DIAG_BC_S_LE, .yes = 8, .no = 12},
        {.no = last},
    };
    const struct inet_diag_bc_op chosen_ports[] = {
        {.code = INET_DIAG_BC_S_GE, .yes = 8, .no = 28}, {.no = query->port},
        {.code = INET_DIAG_BC_S_LE, .yes = 8, .no = 20}, {.no = last},
        {.code = INET_DIAG_BC_AUTO, .yes = 4, .no = 8},  {.code = INET_DIAG_BC_JMP, .yes = 4, .no = 8},
    };
    if (query->port == 0)
        return;
    if (query->explicit_binds)
        mnl_attr_put(request, INET_DIAG_REQ_BYTECODE, sizeof(chosen_ports), chosen_ports);
    else
        mnl_attr_put(request, INET_DIAG_REQ_BYTECODE, sizeof(ports), ports);
}

const struct nlmsghdr *sockdiag_request_tcp(uint8_t buffer[static SOCKDIAG_REQUEST_SIZE], uint32_t sequence,
                                            const struct sockets_query *query, uint32_t states)
{
    struct nlmsghdr *request = put_header(buffer, TCPDIAG_GETSOCK, sequence);
    struct inet_diag_req *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
    body->idiag_family = AF_INET;
    body->idiag_states = states;
    if (query->directions)
        body->idiag_ext = 1U << (INET_DIAG_INFO - 1);
    put_filter(request, query);
    return request;
}

const struct nlmsghdr *sockdiag_request_udp(uint8_t buffer[static SOCKDIAG_REQUEST_SIZE], uint32_t sequence,
                                            const struct sockets_query *query, uint8_t family)
{
    struct nlmsghdr *request = put_header(buffer, SOCK_DIAG_BY_FAMILY, sequence);
    struct inet_diag_req_v2 *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
    body->sdiag_family = family;
    body->sdiag_protocol = IPPROTO_UDP;
    body->idiag_states = UINT32_MAX;
    put_filter(request, query);
    return request;
}
