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

/* Bytecode (net/ipv4/inet_diag.c, inet_diag_bc_run): local port >= port, and <= port; a jump past the end rejects. */
static void put_port_filter(struct nlmsghdr *request, uint16_t port)
{
    const struct inet_diag_bc_op operations[] = {
        {.code = INET_DIAG_BC_S_GE, .yes = 8, .no = 20},
        {.no = port},
        {.code = INET_DIAG_BC_S_LE, .yes = 8, .no = 12},
        {.no = port},
    };
    if (port != 0)
        mnl_attr_put(request, INET_DIAG_REQ_BYTECODE, sizeof(operations), operations);
}

const struct nlmsghdr *sockdiag_request_tcp(uint8_t buffer[static SOCKDIAG_REQUEST_SIZE], uint32_t sequence,
                                            const struct sockdiag_query *query, uint32_t states)
{
    struct nlmsghdr *request = put_header(buffer, TCPDIAG_GETSOCK, sequence);
    struct inet_diag_req *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
    body->idiag_family = AF_INET;
    body->idiag_states = states;
    if (query->directions)
        body->idiag_ext = 1U << (INET_DIAG_INFO - 1);
    put_port_filter(request, query->port);
    return request;
}

const struct nlmsghdr *sockdiag_request_udp(uint8_t buffer[static SOCKDIAG_REQUEST_SIZE], uint32_t sequence,
                                            const struct sockdiag_query *query, uint8_t family)
{
    struct nlmsghdr *request = put_header(buffer, SOCK_DIAG_BY_FAMILY, sequence);
    struct inet_diag_req_v2 *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
    body->sdiag_family = family;
    body->sdiag_protocol = IPPROTO_UDP;
    body->idiag_states = UINT32_MAX;
    put_port_filter(request, query->port);
    return request;
}
