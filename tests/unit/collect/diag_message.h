/* Builds the bytes that the kernel sends, for the tests of what reads them. */
#pragma once

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdint.h>
#include <string.h>

#define DIAG_MESSAGE_MAX 4096

/* One or more netlink messages; the last one is open: what is added belongs to it. */
struct diag_message {
    uint8_t bytes[DIAG_MESSAGE_MAX];
    size_t length;
    size_t last; /* where the open message begins */
};

static inline void diag_message_append(struct diag_message *message, const void *bytes, size_t length)
{
    memcpy(message->bytes + message->length, bytes, length);
    message->length += length;
    uint32_t total = (uint32_t)(message->length - message->last);
    memcpy(message->bytes + message->last, &total, sizeof(total));
    while (message->length % NLMSG_ALIGNTO != 0)
        message->bytes[message->length++] = 0;
}

static inline void diag_message_begin(struct diag_message *message, uint16_t type, uint16_t flags, uint32_t sequence)
{
    const struct nlmsghdr header = {.nlmsg_type = type, .nlmsg_flags = flags, .nlmsg_seq = sequence};
    message->last = message->length;
    diag_message_append(message, &header, sizeof(header));
}

static inline void diag_message_attribute(struct diag_message *message, uint16_t type, const void *bytes, size_t length)
{
    const struct nlattr header = {.nla_type = type, .nla_len = (uint16_t)(sizeof(header) + length)};
    diag_message_append(message, &header, sizeof(header));
    diag_message_append(message, bytes, length);
}

/* A dump's message with this socket, as request 1 is answered. */
static inline void diag_message_socket(struct diag_message *message, const struct inet_diag_msg *socket)
{
    diag_message_begin(message, SOCK_DIAG_BY_FAMILY, NLM_F_MULTI, 1);
    diag_message_append(message, socket, sizeof(*socket));
}
