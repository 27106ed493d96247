#include "command.h"

int exit_code_of(const struct verdict *verdict, bool reuseaddr)
{
    /* Whether a plain bind works may be unknown where that is not the question. */
    if (reuseaddr && verdict->reuseaddr.kind == FREES_AFTER && verdict->reuseaddr.seconds <= 0)
        return EXIT_FREE;
    switch (verdict->kind) {
    case VERDICT_FREE:
        return EXIT_FREE;
    case VERDICT_REUSABLE:
        return EXIT_REUSABLE;
    case VERDICT_HELD:
        return EXIT_REFUSED;
    case VERDICT_UNKNOWN:
        return EXIT_UNDETERMINED;
    }
    return EXIT_UNDETERMINED;
}

static int badness(int code)
{
    static const int from_best[] = {EXIT_FREE, EXIT_REUSABLE, EXIT_REFUSED, EXIT_UNDETERMINED};
    int rank = 0;
    while (rank < 3 && from_best[rank] != code)
        rank++;
    return rank;
}

int exit_code_worse(int left, int right)
{
    return badness(left) > badness(right) ? left : right;
}
