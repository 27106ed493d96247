#include "hidden.h"

#include <dirent.h>

#include "base/parse.h"
#include "connection.h"

static void closedirp(DIR **directory)
{
    if (*directory != NULL)
        (void)closedir(*directory);
}

bool hidden_on(uint16_t port)
{
    cleanup(closedirp) DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL)
        return false;
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        uint64_t fd;
        if (parse_uint(entry->d_name, INT32_MAX, &fd) == 0 && connection_local_port((int)fd) == port &&
            connection_is_none((int)fd))
            return true;
    }
    return false;
}
