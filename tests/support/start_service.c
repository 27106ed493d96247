/*
 * start_service PORT COUNT: starts a service with SO_REUSEADDR on 0.0.0.0:PORT COUNT times, as fast as it can (socket,
 * bind, listen, close), and prints how many of the starts failed.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/parse.h"

static bool start(uint16_t port)
{
    union {
        struct sockaddr generic;
        struct sockaddr_in ipv4;
    } address = {.ipv4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
    const int on = 1;
    cleanup(cleanup_close) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
           bind(fd, &address.generic, sizeof(address.ipv4)) == 0 && listen(fd, 1) == 0;
}

int main(int argc, char **argv)
{
    uint64_t port = 0;
    uint64_t count = 0;
    if (argc != 3 || parse_uint(argv[1], UINT16_MAX, &port) < 0 || parse_uint(argv[2], UINT32_MAX, &count) < 0)
        return 2;
    uint64_t failed = 0;
    for (uint64_t i = 0; i < count; i++)
        failed += start((uint16_t)port) ? 0 : 1;
    (void)printf("%llu\n", (unsigned long long)failed);
    return 0;
}
