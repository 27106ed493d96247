#include "config/suggestion.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_LENGTH 48

static size_t least(size_t left, size_t right)
{
    return left < right ? left : right;
}

/* Letters added, left out or changed, and neighbours swapped, from one to the other (optimal string alignment). */
static size_t distance_between(const char *left, const char *right)
{
    size_t columns = strlen(right);
    size_t rows[3][NAME_MAX_LENGTH + 1] = {0};
    for (size_t j = 0; j <= columns; j++)
        rows[0][j] = j;
    size_t i = 0;
    for (; left[i] != '\0'; i++) {
        const size_t *before = rows[(i + 2) % 3];
        const size_t *above = rows[i % 3];
        size_t *row = rows[(i + 1) % 3];
        row[0] = i + 1;
        for (size_t j = 0; j < columns; j++) {
            row[j + 1] = least(least(above[j + 1], row[j]) + 1, above[j] + (left[i] != right[j]));
            if (i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j])
                row[j + 1] = least(row[j + 1], before[j - 1] + 1);
        }
    }
    return rows[i % 3][columns];
}

void suggestion_offer(struct suggestion *suggestion, const char *name)
{
    size_t typed_length = strlen(suggestion->typed);
    size_t name_length = strlen(name);
    if (typed_length > NAME_MAX_LENGTH || name_length > NAME_MAX_LENGTH)
        return;
    /* A third of the letters may be wrong. */
    size_t distance = distance_between(suggestion->typed, name);
    bool near = distance <= (typed_length < name_length ? name_length : typed_length) / 3;
    if (near && (suggestion->name == NULL || distance < suggestion->distance)) {
        suggestion->name = name;
        suggestion->distance = distance;
    }
}

void suggestion_format(const struct suggestion *suggestion, char ret_text[static SUGGESTION_TEXT_MAX])
{
    ret_text[0] = '\0';
    if (suggestion->name != NULL)
        (void)snprintf(ret_text, SUGGESTION_TEXT_MAX, ": did you mean %s?", suggestion->name);
}
