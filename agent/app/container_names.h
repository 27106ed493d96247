/* What containers are called, as their engines' files tell, remembered for a while. */
#pragma once

#include "model/holder.h"

struct container_names;

/* root: what stands before every path, "" as a rule; not copied. Returns 0 or -ENOMEM. */
must_use int container_names_new(const char *root, struct container_names **ret_names);
void container_names_free(struct container_names *names);
static inline void container_names_freep(struct container_names **names)
{
    container_names_free(*names);
}

/*
 * The name of the container of this id, "" when no file that can be read tells it. Files are read once in a minute for
 * each container, and remembered of the last CONTAINER_NAMES_MAX. context: a struct container_names; an
 * owners_name_container.
 */
#define CONTAINER_NAMES_MAX 256
void container_names_find(void *context, const char *id, char ret_name[static OWNER_CONTAINER_NAME_MAX]);
