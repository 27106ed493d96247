#include "config/web.h"

#include <errno.h>

int web_config_load(const char *path, struct web_config *ret_config, struct error *error)
{
    (void)ret_config;
    return error_set(error, -ENOTSUP, "%s: not read yet", path);
}

void web_config_done(struct web_config *config)
{
    *config = (struct web_config){0};
}

bool web_config_is_outdated(const struct web_config *config)
{
    return config->source_count > 0;
}
