#include "netns_argument.h"

#include <errno.h>
#include <stdio.h>

#include "base/parse.h"
#include "collect/netns.h"
#include "command.h"

int netns_argument_set(struct netns_argument *argument, const char *value)
{
    uint64_t pid;
    if (value == NULL || (value[0] != '/' && parse_uint(value, INT32_MAX, &pid) < 0))
        return command_usage_error("--netns needs a path or a process id, as in --netns /run/netns/blue or "
                                   "--netns 4127");
    argument->place = value;
    return EXIT_FREE;
}

/* As the agent would name it. */
static int find_name(struct netns_argument *argument, struct error *error)
{
    cleanup(namespaces_done) struct namespaces found = {0};
    char of_process[64];
    (void)snprintf(of_process, sizeof(of_process), "/proc/%.20s/ns/net", argument->place);
    bool is_path = argument->place[0] == '/';
    int r = namespaces_add_path(&found, is_path ? argument->place : of_process, error);
    uint64_t pid;
    if (r < 0)
        return r;
    if (!is_path && parse_uint(argument->place, INT32_MAX, &pid) == 0)
        found.items[0].pid = (int32_t)pid;
    cleanup(namespaces_done) struct namespaces all = {0};
    struct error reason;
    const struct namespace *known = namespaces_find("/proc", &all, &reason) == 0
                                        ? namespaces_of(&all, found.items[0].device, found.items[0].inode)
                                        : NULL;
    char names[NAMESPACES_NAMES][NAMESPACES_NAME_MAX];
    namespaces_names("/proc", known != NULL ? known : &found.items[0], names);
    size_t i = 0;
    while (names[i][0] == '\0')
        i++;
    memcpy(argument->name, names[i], sizeof(argument->name));
    return 0;
}

int netns_argument_home(const struct netns_argument *argument)
{
    int home;
    struct error error;
    return argument->place != NULL && netns_open(NETNS_OWN, &home, &error) == 0 ? home : -1;
}

int netns_argument_enter(struct netns_argument *argument)
{
    if (argument->place == NULL)
        return EXIT_FREE;
    cleanup(cleanup_close) int fd = -1;
    struct error error = {""};
    int r = netns_open(argument->place, &fd, &error);
    if (r == 0)
        r = find_name(argument, &error);
    if (r == 0)
        r = netns_enter(fd, &error);
    if (r == 0)
        return EXIT_FREE;
    (void)fprintf(stderr, "tidewait: --netns %s: %s\n", argument->place, error.text);
    return r == -EINVAL || r == -ENOENT || r == -ENOTDIR ? EXIT_USAGE : EXIT_UNDETERMINED;
}

const char *netns_argument_name(const struct netns_argument *argument)
{
    return argument->place != NULL ? argument->name : "self";
}
