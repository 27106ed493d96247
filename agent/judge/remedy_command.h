/* Commands that several remedies offer, ready to paste. */
#pragma once

#include "base/buf.h"
#include "model/holder.h"
#include "model/kernel.h"

/* True when the process belongs to a systemd service of the host, and its name is safe to paste. */
bool remedy_command_has_service(const struct owner *owner);
/* "systemctl stop app.service", or "kill 4127". */
void remedy_command_stop(struct buf *buf, const struct owner *owner);
/* "sysctl -w net.ipv4.ip_local_reserved_ports=8080,30000-30010" */
void remedy_command_reserve(struct buf *buf, const struct port_set *ports);

/*
 * What leads into another network namespace. netns: as --netns takes it, a path or a process id, quoted where a shell
 * would take it for something else; NULL: the own one, for which nothing is added.
 */
/* " --netns /run/netns/blue", at the end of a command of ours. */
void remedy_command_netns(struct buf *buf, const char *netns);
/* "nsenter --net=/run/netns/blue ", before a command of others. */
void remedy_command_enter(struct buf *buf, const char *netns);
