#include "sandbox/sandbox.h"

int sandbox_drop(const struct sandbox_needs *needs, struct sandbox_state *ret_state, struct error *error)
{
    (void)needs, (void)error;
    *ret_state = (struct sandbox_state){.kept = "all"};
    return 0;
}

int sandbox_filter(const struct sandbox_needs *needs, bool kill, struct error *error)
{
    (void)needs, (void)kill, (void)error;
    return 0;
}
