#include "model/exhaustion.h"

void exhaustion_done(struct exhaustion *exhaustion)
{
    free(exhaustion->explanation);
    for (size_t i = 0; i < exhaustion->remedy_count; i++) {
        free(exhaustion->remedies[i].text);
        free(exhaustion->remedies[i].command);
    }
    *exhaustion = (struct exhaustion){0};
}
