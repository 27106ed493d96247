#include "model/source.h"

#include <stdio.h>
#include <string.h>

const char *source_name(enum source_kind kind)
{
    switch (kind) {
    case SOURCE_NETLINK:
        return "netlink";
    case SOURCE_PROCFS:
        return "procfs";
    }
    return "unknown";
}

void source_reason(const struct source *source, char ret_text[static SOURCE_REASON_MAX])
{
    const char *name = strerrorname_np(source->refusal);
    ret_text[0] = '\0';
    if (source->kind == SOURCE_PROCFS)
        (void)snprintf(ret_text, SOURCE_REASON_MAX, "netlink is refused (%s)", name != NULL ? name : "unknown");
}
