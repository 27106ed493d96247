#include "container_names.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "collect/container_files.h"
#include "render/container_name.h"

/* A container may be renamed, and one that has no name yet may get one. */
#define KEEP_NS (60 * CLOCK_NS_PER_S)

struct known {
    char id[OWNER_CONTAINER_MAX];
    char name[OWNER_CONTAINER_NAME_MAX]; /* "": there is none that can be read */
    int64_t read_ns;                     /* CLOCK_MONOTONIC */
};

struct container_names {
    const char *root;
    struct known items[CONTAINER_NAMES_MAX];
    size_t count;
};

int container_names_new(const char *root, struct container_names **ret_names)
{
    struct container_names *names = calloc(1, sizeof(*names));
    if (names == NULL)
        return -ENOMEM;
    names->root = root;
    *ret_names = names;
    return 0;
}

void container_names_free(struct container_names *names)
{
    free(names);
}

/* The first engine that knows it. What cannot be read or understood is as if it were not there. */
static void read_name(const char *root, const char *id, char ret_name[static OWNER_CONTAINER_NAME_MAX])
{
    int r = -ENOENT;
    ret_name[0] = '\0';
    for (size_t i = 0; r < 0 && i < CONTAINER_FILES; i++) {
        cleanup(buf_done) struct buf file;
        buf_init(&file, CONTAINER_FILES_MAX_BYTES);
        r = container_files_read(root, id, i, &file);
        if (r == 0)
            r = file.length > 0 ? container_name_read(file.data, id, ret_name) : -ENOENT;
    }
}

/* Its place, or the one of a new container, or of the one that was read longest ago. */
static struct known *place_of(struct container_names *names, const char *id)
{
    struct known *oldest = names->items;
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->items[i].id, id) == 0)
            return &names->items[i];
        if (names->items[i].read_ns < oldest->read_ns)
            oldest = &names->items[i];
    }
    return names->count < CONTAINER_NAMES_MAX ? &names->items[names->count++] : oldest;
}

void container_names_find(void *context, const char *id, char ret_name[static OWNER_CONTAINER_NAME_MAX])
{
    struct container_names *names = context;
    struct known *known = place_of(names, id);
    int64_t now_ns = clock_monotonic_ns();
    if (strcmp(known->id, id) != 0 || now_ns - known->read_ns >= KEEP_NS) {
        (void)snprintf(known->id, sizeof(known->id), "%s", id);
        known->read_ns = now_ns;
        read_name(names->root, id, known->name);
    }
    memcpy(ret_name, known->name, sizeof(known->name));
}
