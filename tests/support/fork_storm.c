/*
 * fork_storm SECONDS: processes that end at once, one after the other, as fast as they can be made. Each has a socket
 * that listens nowhere else. Prints how many there were.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/parse.h"

int main(int argc, char **argv)
{
    uint64_t seconds = 0;
    unsigned long made = 0;
    if (argc != 2 || parse_uint(argv[1], 60, &seconds) < 0 || socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0)
        return 2;
    int64_t end_ns = clock_monotonic_ns() + (int64_t)seconds * CLOCK_NS_PER_S;
    while (clock_monotonic_ns() < end_ns) {
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        if (child < 0 || waitpid(child, NULL, 0) != child)
            return 1;
        made++;
    }
    (void)printf("%lu\n", made);
    return 0;
}
