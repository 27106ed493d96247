/*
 * What container engines keep on disk about a container: the configuration of Docker, the OCI bundles of containerd
 * (k3s's, too) and CRI-O, the lists of containers/storage, which Podman and CRI-O use. They are root's; reading them
 * takes CAP_DAC_READ_SEARCH, and from inside a container the host's folders mounted at the same places.
 */
#pragma once

#include "base/buf.h"

/* There are so many files that may tell of a container. */
#define CONTAINER_FILES 7
/* Of a longer one nothing is believed. */
#define CONTAINER_FILES_MAX_BYTES (1 << 20)

/*
 * Appends the file of this number, of those below root ("" as a rule), to buf. id: the container's, as cgroup names
 * have it. Returns 0; -EINVAL when id is not 64 hexadecimal digits, or what is there no plain file; the negative errno
 * of open() or read(); or the failure of buf, -EFBIG when the file does not fit its limit.
 */
must_use int container_files_read(const char *root, const char *id, size_t number, struct buf *buf);
