/* What somebody may have meant who mistyped a name. */
#pragma once

#include <stddef.h>

struct suggestion {
    const char *typed;
    const char *name; /* the nearest so far; NULL: none is near enough */
    size_t distance;
};

/* Offers one more name, which must outlive the suggestion. Of two that are equally near the first stays. */
void suggestion_offer(struct suggestion *suggestion, const char *name);

#define SUGGESTION_TEXT_MAX 80
/* ": did you mean NAME?", or "". */
void suggestion_format(const struct suggestion *suggestion, char ret_text[static SUGGESTION_TEXT_MAX]);
