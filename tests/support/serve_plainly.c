/*
 * serve_plainly ADDRESS PORT [reuseaddr] [reuseport]: listens with just these options, says "ready" and accepts
 * connections, which it keeps, until it is killed. Exit 98: EADDRINUSE; 1: anything else.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/parse.h"

static bool set(int fd, const char *name)
{
    const int on = 1;
    int option = strcmp(name, "reuseaddr") == 0 ? SO_REUSEADDR : strcmp(name, "reuseport") == 0 ? SO_REUSEPORT : -1;
    return option >= 0 && setsockopt(fd, SOL_SOCKET, option, &on, sizeof(on)) == 0;
}

int main(int argc, char **argv)
{
    union {
        struct sockaddr generic;
        struct sockaddr_in ipv4;
    } address = {.ipv4 = {.sin_family = AF_INET}};
    uint64_t port = 0;
    if (argc < 3 || inet_pton(AF_INET, argv[1], &address.ipv4.sin_addr) != 1 ||
        parse_uint(argv[2], UINT16_MAX, &port) < 0)
        return 1;
    address.ipv4.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    for (int i = 3; i < argc; i++)
        if (!set(fd, argv[i]))
            return 1;
    if (bind(fd, &address.generic, sizeof(address.ipv4)) < 0 || listen(fd, 128) < 0)
        return errno == EADDRINUSE ? EADDRINUSE : 1;
    (void)puts("ready");
    (void)fflush(stdout);
    while (accept4(fd, NULL, NULL, SOCK_CLOEXEC) >= 0)
        ;
    return 1;
}
