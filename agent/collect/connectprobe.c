#include "collect/connectprobe.h"

#include <errno.h>

#include "model/sockaddr.h"

int connectprobe_try(bool *ret_found)
{
    const struct address loopback = {.family = FAMILY_IPV4, .bytes = {127, 0, 0, 1}};
    union sockaddr_any nowhere;
    socklen_t length = sockaddr_fill(&nowhere, &loopback, 0);
    cleanup(cleanup_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* The port is chosen before anything is sent. */
    int error = connect(fd, &nowhere.generic, length) < 0 ? errno : 0;
    if (error != 0 && error != EINPROGRESS && error != ECONNREFUSED && error != EADDRNOTAVAIL)
        return -error;
    *ret_found = error != EADDRNOTAVAIL;
    return 0;
}
