/*
 * floor: asks the kernel for every TCP socket, receives the answer, and throws it away. No reader of the socket table
 * can cost less; what the agent costs is held against it. Prints the bytes received.
 */
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

/* As large as the kernel fills a datagram, twice. */
#define RECEIVE_SIZE (64 * 1024)
/* TCP's states up to CLOSING: no walk of the bind table. */
#define STATES 0xfffU
#define REQUEST_SIZE 256

static const struct nlmsghdr *put_request(uint8_t *buffer)
{
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    struct inet_diag_req *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
    request->nlmsg_type = TCPDIAG_GETSOCK;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    body->idiag_family = AF_INET;
    body->idiag_states = STATES;
    return request;
}

/* Whether the datagram ends the dump: the kernel puts NLMSG_DONE into one of its own. */
static bool is_last(const uint8_t *datagram)
{
    const struct nlmsghdr *header = (const void *)datagram;
    return header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR;
}

int main(void)
{
    _Alignas(struct nlmsghdr) uint8_t request_buffer[REQUEST_SIZE];
    _Alignas(struct nlmsghdr) static uint8_t buffer[RECEIVE_SIZE];
    uint64_t received = 0;
    struct mnl_socket *socket = mnl_socket_open(NETLINK_SOCK_DIAG);
    const struct nlmsghdr *request = put_request(request_buffer);
    if (socket == NULL || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) {
        perror("floor");
        return EXIT_FAILURE;
    }
    do {
        ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
        if (length <= 0) {
            perror("floor");
            return EXIT_FAILURE;
        }
        received += (uint64_t)length;
    } while (!is_last(buffer));
    (void)mnl_socket_close(socket);
    (void)printf("%llu\n", (unsigned long long)received);
    return EXIT_SUCCESS;
}
