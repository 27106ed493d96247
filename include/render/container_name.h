/* What a container is called, from what its engine keeps about it. Not trusted: the names come from whoever made it. */
#pragma once

#include "model/holder.h"

/*
 * bytes: NUL-terminated, a file of collect/container_files.h; which of them it is shows in what it holds: Docker's
 * "Name", the annotations of an OCI runtime's bundle (containerd's or CRI-O's), or a list of containers/storage. The
 * name is the one that docker ps and podman ps show; of Kubernetes "NAMESPACE/POD/CONTAINER". Letters, digits, "_", "."
 * and "-" only, which is what the engines allow. Returns 0; -ENOENT when it tells no name of this container, or none
 * that is allowed and fits; -EINVAL when it is no JSON.
 */
must_use int container_name_read(const char *bytes, const char *id, char ret_name[static OWNER_CONTAINER_NAME_MAX]);
