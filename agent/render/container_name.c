#include "render/container_name.h"

#include <errno.h>
#include <string.h>

#include "json_add.h"

#define ALLOWED "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

static const char *text_of(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* Adds one part of the name. False when there is none, or it holds what it must not. */
static bool say(struct buf *name, const char *part)
{
    if (part == NULL || part[0] == '\0' || part[strspn(part, ALLOWED)] != '\0')
        return false;
    if (name->length > 0)
        buf_add_char(name, '/');
    buf_add_text(name, part);
    return true;
}

/* Docker has a slash before each name, of a time when containers were linked. */
static bool say_docker(struct buf *name, const cJSON *root)
{
    const char *text = text_of(root, "Name");
    return say(name, text != NULL && text[0] == '/' ? text + 1 : text);
}

/* containerd's annotations, or CRI-O's; the sandbox of a pod has no name of its own. */
static bool say_bundle(struct buf *name, const cJSON *annotations)
{
    static const char *const keys[][3] = {
        {"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.cri.sandbox-name", "io.kubernetes.cri.container-name"},
        {"io.kubernetes.pod.namespace", "io.kubernetes.pod.name", "io.kubernetes.container.name"},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && name->length == 0; i++)
        for (size_t part = 0; part < sizeof(keys[0]) / sizeof(keys[0][0]); part++)
            (void)say(name, text_of(annotations, keys[i][part]));
    return name->length > 0;
}

static bool say_listed(struct buf *name, const cJSON *list, const char *id)
{
    const cJSON *container = NULL;
    cJSON_ArrayForEach(container, list)
    {
        const char *its = text_of(container, "id");
        if (its != NULL && strcmp(its, id) == 0) {
            const cJSON *names = cJSON_GetObjectItemCaseSensitive(container, "names");
            return say(name, cJSON_GetStringValue(cJSON_GetArrayItem(names, 0)));
        }
    }
    return false;
}

int container_name_read(const char *bytes, const char *id, char ret_name[static OWNER_CONTAINER_NAME_MAX])
{
    cleanup(json_add_freep) cJSON *root = cJSON_ParseWithOpts(bytes, NULL, true);
    if (root == NULL)
        return -EINVAL;
    char storage[OWNER_CONTAINER_NAME_MAX];
    struct buf name;
    buf_init_in(&name, storage, sizeof(storage));
    const cJSON *annotations = cJSON_GetObjectItemCaseSensitive(root, "annotations");
    bool said = cJSON_IsArray(root)   ? say_listed(&name, root, id)
                : annotations != NULL ? say_bundle(&name, annotations)
                                      : say_docker(&name, root);
    if (!said || name.failure != 0)
        return -ENOENT;
    memcpy(ret_name, storage, name.length + 1);
    return 0;
}
