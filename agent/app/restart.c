#include "restart.h"

#include <errno.h>

static void note(struct holder *listener, const struct sockopts *options)
{
    if (listener->many_locals)
        return;
    if (listener->reuseport == SOCKOPT_UNKNOWN)
        listener->reuseport = options->reuseport ? SOCKOPT_ON : SOCKOPT_OFF;
    if (listener->v6only == V6ONLY_UNKNOWN)
        listener->v6only = options->v6only ? V6ONLY_YES : V6ONLY_NO;
}

void restart_learn(struct holder *listener, struct owners *owners)
{
    /* Where several share an address, each of them has SO_REUSEPORT. */
    size_t safe = listener->reuseport == SOCKOPT_ON ? listener->count : 0;
    bool refused = false;
    bool unsafe = false;
    for (size_t i = 0; i < listener->inode_count; i++) {
        struct sockopts options;
        int r = owners_options(owners, listener->inodes[i], &options);
        refused = refused || r == -EPERM;
        if (r < 0)
            continue;
        note(listener, &options);
        if (options.reuseaddr || options.reuseport)
            safe++;
        else
            unsafe = true;
    }
    if (unsafe)
        listener->restart = RESTART_UNSAFE;
    else if (safe >= listener->count)
        listener->restart = RESTART_SAFE;
    else
        listener->restart = refused ? RESTART_REFUSED : RESTART_UNKNOWN;
}
