/*
 * start_service PORT COUNT: starts a service with SO_REUSEADDR on 0.0.0.0:PORT COUNT times, as fast as it can (socket,
 * bind, listen, shutdown, close), and prints how many of the starts failed; on standard error which call did first.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/parse.h"

static bool start(uint16_t port, const char **ret_call)
{
    union {
        struct sockaddr generic;
        struct sockaddr_in ipv4;
    } address = {.ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
    const int on = 1;
    cleanup(cleanup_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *ret_call = "socket";
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return false;
    *ret_call = "bind";
    if (bind(fd, &address.generic, sizeof(address.ipv4)) < 0)
        return false;
    *ret_call = "listen";
    if (listen(fd, 1) < 0)
        return false;
    /*
     * Whoever reads /proc/PID/fd in that moment (an agent that looks for owners, ss -p) has the file for an instant:
     * close() alone would leave the listener to end with him, and the next start would fail for that.
     */
    *ret_call = "shutdown";
    return shutdown(fd, SHUT_RDWR) == 0;
}

int main(int argc, char **argv)
{
    uint64_t port = 0;
    uint64_t count = 0;
    if (argc != 3 || parse_uint(argv[1], UINT16_MAX, &port) < 0 || parse_uint(argv[2], UINT32_MAX, &count) < 0)
        return 2;
    uint64_t failed = 0;
    for (uint64_t i = 0; i < count; i++) {
        const char *call;
        if (start((uint16_t)port, &call))
            continue;
        if (failed++ == 0)
            (void)fprintf(stderr, "start %llu: %s: %s\n", (unsigned long long)i, call, strerror(errno));
    }
    (void)printf("%llu\n", (unsigned long long)failed);
    return 0;
}
