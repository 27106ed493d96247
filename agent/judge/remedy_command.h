/* Commands that several remedies offer, ready to paste. */
#pragma once

#include "base/buf.h"
#include "model/holder.h"
#include "model/kernel.h"

/* True when the process belongs to a systemd service whose name is safe to paste. */
bool remedy_command_has_service(const struct owner *owner);
/* "systemctl stop app.service", or "kill 4127". */
void remedy_command_stop(struct buf *buf, const struct owner *owner);
/* "sysctl -w net.ipv4.ip_local_reserved_ports=8080,30000-30010" */
void remedy_command_reserve(struct buf *buf, const struct port_set *ports);
