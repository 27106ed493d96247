#include "activation.h"

#include <errno.h>
#include <fcntl.h>

#include "base/parse.h"
#include "model/sockaddr.h"

/* SD_LISTEN_FDS_START */
#define FIRST_FD 3
#define FDS_MAX 64

/* 0 when the variable is not there. */
static int read_number(const char *variable, uint64_t max, uint64_t *ret_number, struct error *error)
{
    const char *text = getenv(variable);
    *ret_number = 0;
    if (text != NULL && parse_uint(text, max, ret_number) < 0)
        return error_set(error, -EINVAL, "%s=%.40s is not a number up to %llu, as sd_listen_fds(3) wants it", variable,
                         text, (unsigned long long)max);
    return 0;
}

static int read_count(uint64_t *ret_count, struct error *error)
{
    uint64_t pid = 0;
    uint64_t count = 0;
    int r = read_number("LISTEN_PID", INT32_MAX, &pid, error);
    if (r == 0)
        r = read_number("LISTEN_FDS", FDS_MAX, &count, error);
    /* They may have been meant for whoever started us. */
    *ret_count = pid == (uint64_t)getpid() ? count : 0;
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return r;
}

static bool has(int fd, int option, int wanted)
{
    int value = 0;
    socklen_t length = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, option, &value, &length) == 0 && value == wanted;
}

static int take_one(int fd, struct endpoint *ret_endpoint, struct error *error)
{
    union sockaddr_any bound = {0};
    socklen_t length = sizeof(bound);
    bool ours = has(fd, SO_TYPE, SOCK_STREAM) && has(fd, SO_ACCEPTCONN, 1) &&
                (has(fd, SO_DOMAIN, AF_INET) || has(fd, SO_DOMAIN, AF_INET6)) &&
                getsockname(fd, &bound.generic, &length) == 0;
    if (!ours || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
        return error_set(error, -EINVAL,
                         "descriptor %d, passed in LISTEN_FDS, is no listening TCP socket: give one as with "
                         "ListenStream=127.0.0.1:10098",
                         fd);
    bool ipv4 = bound.generic.sa_family == AF_INET;
    *ret_endpoint = (struct endpoint){
        .protocol = PROTOCOL_TCP,
        .address = sockaddr_address(&bound.generic),
        .port = ntohs(ipv4 ? bound.ipv4.sin_port : bound.ipv6.sin6_port),
    };
    return 0;
}

int activation_take(struct listening *ret_listening, struct error *error)
{
    uint64_t count = 0;
    int r = read_count(&count, error);
    if (r < 0)
        return r;
    cleanup(listening_done) struct listening listening = {.passed = count > 0};
    if (count > 0) {
        listening.fds = calloc(count, sizeof(int));
        listening.endpoints = calloc(count, sizeof(struct endpoint));
        if (listening.fds == NULL || listening.endpoints == NULL)
            return error_set(error, -ENOMEM, "out of memory");
    }
    for (; listening.count < count; listening.count++) {
        int fd = FIRST_FD + (int)listening.count;
        r = take_one(fd, &listening.endpoints[listening.count], error);
        if (r < 0)
            return r;
        listening.fds[listening.count] = fd;
    }
    *ret_listening = listening;
    listening = (struct listening){0};
    return 0;
}
