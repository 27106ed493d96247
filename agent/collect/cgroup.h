/* Which service or container a process belongs to, from the text of /proc/PID/cgroup (cgroups(7)). Pure. */
#pragma once

#include "model/holder.h"

/*
 * The systemd unit: the innermost .service or .scope of the path in systemd's hierarchy, unless it is the scope that
 * a container engine made for a container. "" when there is none; cut to fit.
 */
void cgroup_unit(const char *text, char ret_unit[static OWNER_UNIT_MAX]);

/* The container's id, all 64 hex digits, as Docker, containerd, CRI-O and Podman name its cgroup; "" when none. */
void cgroup_container(const char *text, char ret_container[static OWNER_CONTAINER_MAX]);
