#include "remedy_command.h"

bool remedy_command_has_service(const struct owner *owner)
{
    size_t length = strlen(owner->unit);
    /* What may be pasted into a shell as it is. */
    bool harmless =
        strspn(owner->unit, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._-:") == length;
    return harmless && length > 8 && strcmp(owner->unit + length - 8, ".service") == 0;
}

void remedy_command_stop(struct buf *buf, const struct owner *owner)
{
    if (remedy_command_has_service(owner))
        buf_printf(buf, "systemctl stop %s", owner->unit);
    else
        buf_printf(buf, "kill %d", (int)owner->pid);
}

/* "8080,30000-30010" */
static void say_ports(struct buf *buf, const struct port_set *set)
{
    const char *comma = "";
    for (uint32_t port = 1; port <= UINT16_MAX; port++) {
        if (!port_set_has(set, (uint16_t)port))
            continue;
        uint32_t last = port;
        while (last < UINT16_MAX && port_set_has(set, (uint16_t)(last + 1)))
            last++;
        buf_printf(buf, last > port ? "%s%u-%u" : "%s%u", comma, port, last);
        comma = ",";
        port = last;
    }
}

void remedy_command_reserve(struct buf *buf, const struct port_set *ports)
{
    buf_add_text(buf, "sysctl -w net.ipv4.ip_local_reserved_ports=");
    say_ports(buf, ports);
}
