/*
 * The settings in --config.file: YAML whose names are those of the flags. A dot in a name may be written as a level:
 * "log: {level: warn}" is "log.level: warn".
 */
#pragma once

#include "flags.h"

/*
 * Sets what the file has and nobody has set yet, and notes it in `set`; what is set already is checked all the same.
 * Returns 0, -EINVAL with file, line, column and what would be right, or -ENOMEM.
 */
must_use int options_file_take(const char *path, struct options *options, bool set[static FLAGS_MAX],
                               struct error *error);

/* The same with the bytes of a file; path: for reasons, and what file names in it are relative to. */
must_use int options_file_take_bytes(const char *bytes, size_t length, const char *path, struct options *options,
                                     bool set[static FLAGS_MAX], struct error *error);
