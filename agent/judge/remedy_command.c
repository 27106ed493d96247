#include "remedy_command.h"

/* What may be pasted into a shell as it is. */
static bool is_harmless(const char *word)
{
    return word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._-:/")] == '\0';
}

bool remedy_command_has_service(const struct owner *owner)
{
    size_t length = strlen(owner->unit);
    /* Of a process in a container it may be the engine's, or one of a systemd in there. */
    if (owner->container[0] != '\0')
        return false;
    return is_harmless(owner->unit) && length > 8 && strcmp(owner->unit + length - 8, ".service") == 0;
}

static void quote(struct buf *buf, const char *word)
{
    if (is_harmless(word)) {
        buf_add_text(buf, word);
        return;
    }
    buf_add_char(buf, '\'');
    for (; *word != '\0'; word++)
        if (*word == '\'')
            buf_add_text(buf, "'\\''");
        else
            buf_add_char(buf, *word);
    buf_add_char(buf, '\'');
}

void remedy_command_netns(struct buf *buf, const char *netns)
{
    if (netns == NULL)
        return;
    buf_add_text(buf, " --netns ");
    quote(buf, netns);
}

void remedy_command_enter(struct buf *buf, const char *netns)
{
    if (netns == NULL)
        return;
    bool is_path = netns[0] == '/';
    buf_add_text(buf, is_path ? "nsenter --net=" : "nsenter --net=/proc/");
    quote(buf, netns);
    buf_add_text(buf, is_path ? " " : "/ns/net ");
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
