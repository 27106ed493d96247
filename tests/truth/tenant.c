#include "tenant.h"

#include <errno.h>
#include <stdio.h>
#include <sys/fsuid.h>

#include "sandbox.h"

#define FOREIGN_UID 65534

static const char *role_name(enum role role)
{
    switch (role) {
    case ROLE_SERVER:
        return "server";
    case ROLE_CLIENT:
        return "client";
    case ROLE_AUTOBIND:
        return "autobind client";
    case ROLE_BIND_ZERO:
        return "bind(0) client";
    case ROLE_NO_PORT:
        return "NO_PORT client";
    }
    return "?";
}

static const char *afterthought_name(enum afterthought afterthought)
{
    switch (afterthought) {
    case AFTERTHOUGHT_NONE:
        return "";
    case AFTERTHOUGHT_SET:
        return ", RA set later";
    case AFTERTHOUGHT_CLEAR:
        return ", RA cleared later";
    }
    return "?";
}

static const char *device_name(enum device device)
{
    switch (device) {
    case DEVICE_NONE:
        return "";
    case DEVICE_LO:
        return "lo";
    case DEVICE_SANDBOX:
        return SANDBOX_DEVICE;
    }
    return "";
}

void tenant_format(const struct tenant *tenant, char ret_text[static TENANT_TEXT_MAX])
{
    (void)snprintf(ret_text, TENANT_TEXT_MAX, "%s %s %s %s%s%s%s%s%s%s%s%s%s", protocol_name(tenant->protocol),
                   role_name(tenant->role), sock_state_name(tenant->state), spot_name(tenant->spot),
                   tenant->reuseaddr ? " RA" : "", tenant->reuseport ? " RP" : "", tenant->mptcp ? " MPTCP" : "",
                   tenant->device != DEVICE_NONE ? " dev " : "", device_name(tenant->device),
                   tenant->ipv6 ? ", peer IPv6" : "", afterthought_name(tenant->afterthought),
                   tenant->foreign ? ", other user" : "",
                   tenant->orphan           ? (tenant->listener_stays ? ", closed, listener stays" : ", closed")
                   : tenant->listener_stays ? ", listener stays"
                                            : "");
}

/* The kernel takes the user of a socket from the filesystem uid of the thread that makes it. */
static int make_socket(const struct tenant *tenant)
{
    int type = tenant->protocol == PROTOCOL_TCP ? SOCK_STREAM : SOCK_DGRAM;
    int former = tenant->foreign ? setfsuid(FOREIGN_UID) : 0;
    int fd = socket(spot_domain(tenant->spot), type | SOCK_CLOEXEC, tenant->mptcp ? IPPROTO_MPTCP : 0);
    int r = fd < 0 ? -errno : fd;
    if (tenant->foreign)
        (void)setfsuid((uid_t)former);
    return r;
}

int tenant_socket(const struct tenant *tenant)
{
    cleanup(cleanup_close) int fd = make_socket(tenant);
    if (fd < 0)
        return fd;
    const int on = 1;
    const char *device = device_name(tenant->device);
    if (tenant->reuseaddr && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return -errno;
    if (tenant->reuseport && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
        return -errno;
    if (tenant->device != DEVICE_NONE &&
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) < 0)
        return -errno;
    if (tenant->role == ROLE_NO_PORT && setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) < 0)
        return -errno;
    int r = spot_prepare(fd, tenant->spot);
    return r < 0 ? r : steal_fd(&fd);
}

bool tenant_is_minisocket(const struct tenant *tenant)
{
    return tenant->state == SOCK_TIME_WAIT || (tenant->state == SOCK_FIN_WAIT2 && tenant->orphan);
}
