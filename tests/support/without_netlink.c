/* without_netlink COMMAND ARGUMENT…: runs it where sock_diag is refused. */
#include <errno.h>
#include <stdio.h>

#include "refuse_netlink.h"

#define CANNOT_RUN 127

int main(int argc, char **argv)
{
    int r = argc > 1 ? refuse_netlink(EPROTONOSUPPORT) : -EINVAL;
    if (r == 0) {
        (void)execv(argv[1], argv + 1);
        r = -errno;
    }
    (void)fprintf(stderr, "without_netlink: %s\n", strerror(-r));
    return CANNOT_RUN;
}
