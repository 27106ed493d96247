/* --netns PATH|PID, as the commands take it: which namespace is asked about. */
#pragma once

#include "collect/namespaces.h"

struct netns_argument {
    const char *place;              /* as it was typed; NULL: the own one */
    char name[NAMESPACES_NAME_MAX]; /* once it is entered */
};

/* value: NULL when it is missing. Returns an exit code: EXIT_FREE to go on. */
int netns_argument_set(struct netns_argument *argument, const char *value);

/*
 * The namespace that is left when another is entered, for what must be asked there; owned by the caller. -1: none is
 * left, or it cannot be had.
 */
int netns_argument_home(const struct netns_argument *argument);

/*
 * Moves the calling thread there, for good: before anything is opened that is to be of this namespace. Returns
 * EXIT_FREE; EXIT_USAGE when it is none, EXIT_UNDETERMINED when a privilege is lacking, with a line on stderr.
 */
int netns_argument_enter(struct netns_argument *argument);

/* "self", or the name of the one that was entered. */
const char *netns_argument_name(const struct netns_argument *argument);
