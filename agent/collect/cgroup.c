#include "cgroup.h"

/* Bytes of the text, not NUL-terminated. */
struct slice {
    const char *bytes;
    size_t length;
};

/* One line of the file: "HIERARCHY-ID:CONTROLLERS:/path". */
struct line {
    struct slice controllers;
    struct slice path;
};

static bool slice_starts_with(struct slice slice, const char *prefix)
{
    size_t length = strlen(prefix);
    return slice.length >= length && memcmp(slice.bytes, prefix, length) == 0;
}

static bool slice_ends_with(struct slice slice, const char *suffix)
{
    size_t length = strlen(suffix);
    return slice.length >= length && memcmp(slice.bytes + slice.length - length, suffix, length) == 0;
}

static bool slice_equals(struct slice slice, const char *text)
{
    return slice.length == strlen(text) && slice_starts_with(slice, text);
}

/* Cuts the bytes before the next separator, and the separator, off *rest. False when nothing is left. */
static bool take_until(struct slice *rest, char separator, struct slice *ret_part)
{
    if (rest->length == 0)
        return false;
    const char *end = memchr(rest->bytes, separator, rest->length);
    size_t length = end ? (size_t)(end - rest->bytes) : rest->length;
    size_t taken = end ? length + 1 : length;
    *ret_part = (struct slice){rest->bytes, length};
    *rest = (struct slice){rest->bytes + taken, rest->length - taken};
    return true;
}

static bool take_line(struct slice *text, struct line *ret_line)
{
    struct slice rest;
    while (take_until(text, '\n', &rest)) {
        struct slice id;
        struct slice controllers;
        if (take_until(&rest, ':', &id) && take_until(&rest, ':', &controllers)) {
            *ret_line = (struct line){.controllers = controllers, .path = rest};
            return true;
        }
    }
    return false;
}

/* The id within one component of a path; length 0 when it does not name a container. */
static struct slice container_of_component(struct slice component)
{
    static const char *const prefixes[] = {"docker-", "cri-containerd-", "crio-", "libpod-payload-", "libpod-"};
    const size_t id_length = 64;

    if (slice_ends_with(component, ".scope"))
        component.length -= strlen(".scope");
    /* "SLICE:PREFIX:ID" is how a runtime is told what to ask systemd for; without systemd it becomes a folder's name.
     */
    const char *colon = component.length > 0 ? memrchr(component.bytes, ':', component.length) : NULL;
    if (colon != NULL) {
        size_t before = (size_t)(colon + 1 - component.bytes);
        component = (struct slice){colon + 1, component.length - before};
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
        if (slice_starts_with(component, prefixes[i])) {
            component.bytes += strlen(prefixes[i]);
            component.length -= strlen(prefixes[i]);
            break;
        }
    }
    if (component.length != id_length)
        return (struct slice){component.bytes, 0};
    for (size_t i = 0; i < id_length; i++) {
        char digit = component.bytes[i];
        if (!(digit >= '0' && digit <= '9') && !(digit >= 'a' && digit <= 'f'))
            return (struct slice){component.bytes, 0};
    }
    return component;
}

static bool is_unit(struct slice component)
{
    return (slice_ends_with(component, ".service") || slice_ends_with(component, ".scope")) &&
           container_of_component(component).length == 0;
}

/* Copies the bytes, cut to fit, and ends them with a NUL. */
static void copy_out(struct slice slice, char *ret_text, size_t size)
{
    size_t length = slice.length < size ? slice.length : size - 1;
    if (length > 0)
        memcpy(ret_text, slice.bytes, length);
    ret_text[length] = '\0';
}

void cgroup_unit(const char *text, char ret_unit[static OWNER_UNIT_MAX])
{
    struct slice rest = {text, strlen(text)};
    struct slice unit = {text, 0};
    struct line line;
    while (unit.length == 0 && take_line(&rest, &line)) {
        /* systemd keeps its units in the unified hierarchy, or on older systems in one that is named after it. */
        bool unified = line.controllers.length == 0;
        bool named = slice_equals(line.controllers, "name=systemd");
        struct slice component;
        while ((unified || named) && take_until(&line.path, '/', &component)) {
            if (is_unit(component))
                unit = component;
        }
    }
    copy_out(unit, ret_unit, OWNER_UNIT_MAX);
}

void cgroup_container(const char *text, char ret_container[static OWNER_CONTAINER_MAX])
{
    struct slice rest = {text, strlen(text)};
    struct slice container = {text, 0};
    struct line line;
    while (container.length == 0 && take_line(&rest, &line)) {
        struct slice component;
        while (take_until(&line.path, '/', &component)) {
            struct slice id = container_of_component(component);
            if (id.length > 0)
                container = id;
        }
    }
    copy_out(container, ret_container, OWNER_CONTAINER_MAX);
}
