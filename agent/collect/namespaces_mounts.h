/* Network namespaces that are mounted on files: the lines of type nsfs in /proc/self/mountinfo (proc_pid_mountinfo(5)).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Takes one; a negative errno ends the reading. */
typedef int namespaces_mounts_visit(void *context, const char *path, uint64_t inode);

/* Calls visit for each; one may be mounted several times. Returns 0, a negative errno, or what visit returned. */
must_use int namespaces_mounts_read(const char *proc, namespaces_mounts_visit *visit, void *context,
                                    struct error *error);

/*
 * Takes one line apart, without its newline: "36 35 0:4 net:[4026532450] /run/netns/blue rw … - nsfs nsfs rw". True
 * when it is a network namespace; *ret_path is then within the line. Pure.
 */
bool namespaces_mounts_line(char *line, const char **ret_path, uint64_t *ret_inode);
