/*
 * fork_storm SECONDS: processes that end at once, one after the other, as fast as they can be made. Each has a socket
 * that listens nowhere else. Prints how many there were.
 */
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/parse.h"

#define STACK_SIZE 16384

static int end_at_once(void *nothing)
{
    (void)nothing;
    return 0;
}

int main(int argc, char **argv)
{
    alignas(16) unsigned char stack[STACK_SIZE];
    uint64_t seconds = 0;
    unsigned long made = 0;
    if (argc != 2 || parse_uint(argv[1], 60, &seconds) < 0 || socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0)
        return 2;
    int64_t end_ns = clock_monotonic_ns() + (int64_t)seconds * CLOCK_NS_PER_S;
    while (clock_monotonic_ns() < end_ns) {
        /* As vfork(): no memory is copied, which takes a fork() most of its time. The descriptors are. */
        pid_t child = clone(end_at_once, stack + STACK_SIZE, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
        if (child < 0 || waitpid(child, NULL, 0) != child)
            return 1;
        made++;
    }
    (void)printf("%lu\n", made);
    return 0;
}
