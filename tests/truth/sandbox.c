#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdalign.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int sandbox_set(const char *name, const char *value)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
    /* /proc/sys/net is that of the task that opens it, whatever namespace /proc was mounted in. */
    cleanup(cleanup_close) int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, value, strlen(value)) < 0)
        return -errno;
    return 0;
}

static int bring_up(const char *device)
{
    cleanup(cleanup_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_flags = IFF_UP};
    memcpy(request.ifr_name, device, strlen(device) + 1);
    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return -errno;
    return 0;
}

static void closep(struct mnl_socket **socket)
{
    if (*socket != NULL)
        (void)mnl_socket_close(*socket);
}

/* The kernel's answer to an acknowledged request: 0 or a negative errno. */
static int ask(struct nlmsghdr *request)
{
    alignas(struct nlmsghdr) uint8_t answer[8192];
    cleanup(closep) struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (socket == NULL || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
        mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
        return -errno;
    ssize_t length = mnl_socket_recvfrom(socket, answer, sizeof(answer));
    if (length < 0 || mnl_cb_run(answer, (size_t)length, 0, mnl_socket_get_portid(socket), NULL, NULL) < 0)
        return -errno;
    return 0;
}

static int add_device(const char *kind)
{
    alignas(struct nlmsghdr) uint8_t buffer[1024];
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = RTM_NEWLINK;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
    struct ifinfomsg *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));
    body->ifi_family = AF_UNSPEC;
    mnl_attr_put_strz(request, IFLA_IFNAME, SANDBOX_DEVICE);
    struct nlattr *info = mnl_attr_nest_start(request, IFLA_LINKINFO);
    mnl_attr_put_strz(request, IFLA_INFO_KIND, kind);
    mnl_attr_nest_end(request, info);
    return ask(request);
}

#define TABLE_SIZE "1024"
/* Else it is half the size of the table. */
#define TIME_WAITS_MAX "8192"

/*
 * A table of connections of its own, and a small one: else every walk passes all the buckets that the machine's memory
 * has earned it. A namespace sets it for those that are made within it. Linux before 6.1 has one table for them all.
 */
static int unshare_with_small_table(void)
{
    if (unshare(CLONE_NEWNET) < 0)
        return -errno;
    if (sandbox_set("ipv4/tcp_child_ehash_entries", TABLE_SIZE) < 0)
        return 0;
    return unshare(CLONE_NEWNET) < 0 ? -errno : sandbox_set("ipv4/tcp_max_tw_buckets", TIME_WAITS_MAX);
}

int sandbox_enter(struct error *error)
{
    int r = unshare_with_small_table();
    if (r < 0)
        return error_set(error, r, "cannot make a network namespace (CAP_SYS_ADMIN): %s", strerror(-r));
    r = bring_up("lo");
    if (r < 0)
        return error_set(error, r, "cannot bring lo up: %s", strerror(-r));
    /* Any kind will do: which of them a kernel has differs. */
    static const char *const kinds[] = {"dummy", "veth", "bridge"};
    r = -EOPNOTSUPP;
    for (size_t i = 0; r < 0 && i < sizeof(kinds) / sizeof(*kinds); i++)
        r = add_device(kinds[i]);
    return r < 0 ? error_set(error, r, "cannot add a device: %s", strerror(-r)) : 0;
}

void sandbox_enter_or_skip(void)
{
    struct error error;
    if (sandbox_enter(&error) == 0)
        return;
    (void)fprintf(stderr, "SKIPPED, nothing was proven: %s\n", error.text);
    exit(SANDBOX_SKIPPED);
}
