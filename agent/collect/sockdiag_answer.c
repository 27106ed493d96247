#include "sockdiag_answer.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include "sockdiag_decode.h"

/* Largest errno that the kernel hands out (MAX_ERRNO of include/linux/err.h). */
#define ERRNO_MAX 4095

/* The status that ends a dump or stands for an error: 0, or a negative errno; -EBADMSG when it is none of both. */
static int read_status(const uint8_t *message, size_t length, struct error *error)
{
    int32_t status;
    if (length < NLMSG_HDRLEN + sizeof(status))
        return error_set(error, -EBADMSG, "the kernel's answer is cut short");
    memcpy(&status, message + NLMSG_HDRLEN, sizeof(status));
    if (status > 0 || status < -ERRNO_MAX)
        return error_set(error, -EBADMSG, "the kernel's answer has the impossible status %d", status);
    if (status < 0)
        return error_set(error, status, "the kernel refuses the dump: %s", strerror(-status));
    return 0;
}

static int read_message(const struct sockdiag_answer *answer, const struct nlmsghdr *header, const uint8_t *message,
                        bool *ret_done, struct error *error)
{
    if (header->nlmsg_seq != answer->sequence)
        return error_set(error, -EBADMSG, "the kernel answers another request");
    if (header->nlmsg_flags & NLM_F_DUMP_INTR)
        return error_set(error, -EINTR, "the dump was interrupted: the kernel's table changed under it");

    int result;
    struct sock sock;
    switch (header->nlmsg_type) {
    case TCPDIAG_GETSOCK:
    case SOCK_DIAG_BY_FAMILY:
        result = sockdiag_decode(message, header->nlmsg_len, answer->protocol, &sock, error);
        if (result < 0)
            return result;
        sock.read_after_ms = answer->read_after_ms;
        return answer->visit(answer->context, &sock);
    case NLMSG_DONE:
        result = read_status(message, header->nlmsg_len, error);
        *ret_done = result == 0;
        return result;
    case NLMSG_ERROR:
        result = read_status(message, header->nlmsg_len, error);
        return result < 0 ? result : error_set(error, -EBADMSG, "the kernel acknowledges instead of answering");
    case NLMSG_OVERRUN:
        return error_set(error, -ENOBUFS, "the kernel lost messages of the dump");
    case NLMSG_NOOP:
        return 0;
    default:
        return error_set(error, -EBADMSG, "the kernel answers with the unknown message type %u", header->nlmsg_type);
    }
}

int sockdiag_answer_read(const struct sockdiag_answer *answer, const void *datagram, size_t length, bool *ret_done,
                         struct error *error)
{
    const uint8_t *message = datagram;
    size_t remaining = length;
    bool done = false;
    while (remaining > 0 && !done) {
        struct nlmsghdr header;
        if (remaining < sizeof(header))
            return error_set(error, -EBADMSG, "the kernel's answer is cut short");
        memcpy(&header, message, sizeof(header));
        if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > remaining)
            return error_set(error, -EBADMSG, "the kernel's answer holds a message of the impossible length %u",
                             header.nlmsg_len);
        int result = read_message(answer, &header, message, &done, error);
        if (result < 0)
            return result;
        /* The last message may lack its padding. */
        size_t step = NLMSG_ALIGN((size_t)header.nlmsg_len);
        step = step < remaining ? step : remaining;
        message += step;
        remaining -= step;
    }
    *ret_done = done;
    return 0;
}
