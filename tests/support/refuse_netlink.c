#include "refuse_netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <seccomp.h>
#include <sys/socket.h>

int refuse_netlink(int error)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return -ENOMEM;
    int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)error), SCMP_SYS(socket), 2,
                             SCMP_A0(SCMP_CMP_EQ, AF_NETLINK), SCMP_A2(SCMP_CMP_EQ, NETLINK_SOCK_DIAG));
    if (r == 0)
        r = seccomp_load(filter);
    seccomp_release(filter);
    return r;
}
