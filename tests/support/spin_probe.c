/*
 * spin_probe gentle|plain PORT: test-binds 0.0.0.0:PORT again and again until standard input ends, with SO_REUSEADDR as
 * the agent does or, for comparison, without; then prints how many test-binds it made.
 */
#include <poll.h>
#include <stdio.h>

#include "base/parse.h"
#include "collect/bindprobe.h"

#define PROBES_A_LOOK 64

static bool input_has_ended(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&input, 1, 0) > 0;
}

int main(int argc, char **argv)
{
    uint64_t port = 0;
    if (argc != 3 || parse_uint(argv[2], UINT16_MAX, &port) < 0)
        return 2;
    const struct address wildcard = {.family = FAMILY_IPV4};
    bool gentle = strcmp(argv[1], "gentle") == 0;
    uint64_t probes = 0;
    while (!input_has_ended())
        for (int i = 0; i < PROBES_A_LOOK; i++) {
            struct bind_result result;
            if (bindprobe_try(PROTOCOL_TCP, &wildcard, (uint16_t)port, gentle, &result) < 0)
                return 1;
            probes++;
        }
    (void)printf("%llu\n", (unsigned long long)probes);
    return 0;
}
