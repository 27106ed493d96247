/* What the readers of /proc in this folder share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

/*
 * Reads a whole file into buffer and ends it with a NUL. directory_fd as for openat(2).
 * Returns 0, the negative errno of open() or read(), or -EFBIG when the file does not fit; buffer is then of no use.
 */
must_use int procfs_read(int directory_fd, const char *path, char *buffer, size_t size);

/* Moves *cursor past the decimal digits there. Returns 0, -EINVAL (no digit), or -ERANGE (more than max). Pure. */
must_use int procfs_take_uint(const char **cursor, uint64_t max, uint64_t *ret_value);

/*
 * starttime of the text of /proc/PID/stat, in ticks of sysconf(_SC_CLK_TCK) since boot. The process may call itself
 * anything. Returns 0, -EINVAL or -ERANGE. Pure.
 */
must_use int procfs_start_ticks(const char *stat_text, uint64_t *ret_ticks);

/* True of a zombie, by the same text: it has ended, and only its parent has not asked for it yet. */
bool procfs_is_zombie(const char *stat_text);
