#include "collect/sockdestroy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#define ANSWER_TIMEOUT_S 5
#define MESSAGE_SIZE 8192

struct sockdestroy {
    struct mnl_socket *socket; /* owned */
    uint32_t sequence;
};

int sockdestroy_open(struct sockdestroy **ret_sockdestroy, struct error *error)
{
    const struct timeval timeout = {.tv_sec = ANSWER_TIMEOUT_S};
    cleanup(sockdestroy_closep) struct sockdestroy *sockdestroy = calloc(1, sizeof(*sockdestroy));
    if (!sockdestroy)
        return error_set(error, -ENOMEM, "out of memory");
    sockdestroy->socket = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
    if (!sockdestroy->socket)
        return error_set(error, -errno, "cannot open a sock_diag socket: %s", strerror(errno));
    if (setsockopt(mnl_socket_get_fd(sockdestroy->socket), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
        mnl_socket_bind(sockdestroy->socket, 0, MNL_SOCKET_AUTOPID) < 0)
        return error_set(error, -errno, "cannot set up a sock_diag socket: %s", strerror(errno));
    *ret_sockdestroy = steal_ptr(&sockdestroy);
    return 0;
}

void sockdestroy_close(struct sockdestroy *sockdestroy)
{
    if (!sockdestroy)
        return;
    if (sockdestroy->socket)
        (void)mnl_socket_close(sockdestroy->socket);
    free(sockdestroy);
}

/* The kernel's answer to the request: 0 or its negative errno. */
static int receive_answer(struct sockdestroy *sockdestroy)
{
    uint8_t answer[MESSAGE_SIZE];
    struct sockaddr_nl sender;
    socklen_t sender_length = sizeof(sender);
    ssize_t length;
    do
        length = recvfrom(mnl_socket_get_fd(sockdestroy->socket), answer, sizeof(answer), 0, (struct sockaddr *)&sender,
                          &sender_length);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        return -errno;
    struct nlmsghdr header;
    struct nlmsgerr verdict;
    if (sender.nl_pid != 0 || (size_t)length < NLMSG_HDRLEN + sizeof(verdict))
        return -EBADMSG;
    memcpy(&header, answer, sizeof(header));
    memcpy(&verdict, answer + NLMSG_HDRLEN, sizeof(verdict));
    if (header.nlmsg_type != NLMSG_ERROR || header.nlmsg_seq != sockdestroy->sequence || verdict.error > 0)
        return -EBADMSG;
    return verdict.error;
}

int sockdestroy_end(struct sockdestroy *sockdestroy, const struct sock *sock, struct error *error)
{
    uint8_t message[MESSAGE_SIZE];
    struct nlmsghdr *header = mnl_nlmsg_put_header(message);
    header->nlmsg_type = SOCK_DESTROY;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
    header->nlmsg_seq = ++sockdestroy->sequence;
    struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(header, sizeof(*request));
    request->sdiag_family = sock->family == FAMILY_IPV4 ? AF_INET : AF_INET6;
    request->sdiag_protocol = IPPROTO_TCP;
    request->idiag_states = UINT32_MAX;
    request->id.idiag_sport = htons(sock->local_port);
    request->id.idiag_dport = htons(sock->remote_port);
    request->id.idiag_if = sock->interface;
    memcpy(request->id.idiag_src, sock->local.bytes, sizeof(request->id.idiag_src));
    memcpy(request->id.idiag_dst, sock->remote.bytes, sizeof(request->id.idiag_dst));
    request->id.idiag_cookie[0] = (uint32_t)sock->cookie;
    request->id.idiag_cookie[1] = (uint32_t)(sock->cookie >> 32);
    if (mnl_socket_sendto(sockdestroy->socket, message, header->nlmsg_len) < 0)
        return error_set(error, -errno, "cannot ask the kernel: %s", strerror(errno));
    int r = receive_answer(sockdestroy);
    return r < 0 ? error_set(error, r, "the kernel says: %s", strerror(-r)) : 0;
}
