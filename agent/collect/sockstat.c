#include "collect/sockstat.h"

#include <errno.h>
#include <fcntl.h>

#include "procfs.h"
#include "sockstat_text.h"

#define TEXT_MAX 1024

int sockstat_read(struct sockstat *ret_sockstat)
{
    char text[TEXT_MAX];
    struct sockstat sockstat;
    uint64_t tcp6 = 0;
    uint64_t udp6 = 0;
    /* Not /proc/net: that is the namespace of the process's first thread. */
    int r = procfs_read(AT_FDCWD, "/proc/thread-self/net/sockstat", text, sizeof(text));
    if (r == 0)
        r = sockstat_text_value(text, "sockets", "used", &sockstat.used);
    if (r == 0)
        r = sockstat_text_value(text, "TCP", "inuse", &sockstat.tcp);
    if (r == 0)
        r = sockstat_text_value(text, "TCP", "tw", &sockstat.tcp_time_wait);
    if (r == 0)
        r = sockstat_text_value(text, "UDP", "inuse", &sockstat.udp);
    if (r < 0)
        return r;
    r = procfs_read(AT_FDCWD, "/proc/thread-self/net/sockstat6", text, sizeof(text));
    if (r == 0)
        r = sockstat_text_value(text, "TCP6", "inuse", &tcp6);
    if (r == 0)
        r = sockstat_text_value(text, "UDP6", "inuse", &udp6);
    if (r < 0 && r != -ENOENT) /* a kernel without IPv6 has no such file */
        return r;
    sockstat.tcp += tcp6;
    sockstat.udp += udp6;
    *ret_sockstat = sockstat;
    return 0;
}
