#include "scrape.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void *grown(void *array, size_t count, size_t size)
{
    void *longer = reallocarray(array, count + 1, size);
    if (longer == NULL)
        abort();
    return longer;
}

static char *copied(const char *text, size_t length)
{
    char *copy = strndup(text, length);
    if (copy == NULL)
        abort();
    return copy;
}

static bool fail(struct scrape *scrape, const char *problem, const char *line)
{
    (void)snprintf(scrape->problem, sizeof(scrape->problem), "%s: %.*s", problem, (int)strcspn(line, "\n"), line);
    return false;
}

static size_t name_length(const char *text)
{
    size_t length = 0;
    while (isalpha((unsigned char)text[length]) || text[length] == '_' || text[length] == ':' ||
           (length > 0 && isdigit((unsigned char)text[length])))
        length++;
    return length;
}

/* "# HELP name text" opens a family that was not there before; "# TYPE name type" must be the next line. */
static bool read_head(struct scrape *scrape, const char **at)
{
    const char *line = *at;
    char name[128], type[16];
    int help_end = 0, type_end = 0;
    if (sscanf(line, "# HELP %127[a-z0-9_] %n%*[^\n]\n%n", name, &help_end, &type_end) != 1 || type_end == 0)
        return fail(scrape, "not a HELP line", line);
    for (size_t i = 0; i < scrape->family_count; i++)
        if (strcmp(scrape->families[i], name) == 0)
            return fail(scrape, "a family twice", line);

    char type_name[128];
    int end = 0;
    line += type_end;
    if (sscanf(line, "# TYPE %127[a-z0-9_] %15[a-z]%n", type_name, type, &end) != 2 || line[end] != '\n' ||
        strcmp(name, type_name) != 0)
        return fail(scrape, "not the TYPE line of the family", line);
    if (strcmp(type, "gauge") != 0 && strcmp(type, "counter") != 0 && strcmp(type, "histogram") != 0)
        return fail(scrape, "no such type", line);
    scrape->families = grown(scrape->families, scrape->family_count, sizeof(*scrape->families));
    scrape->families[scrape->family_count++] = copied(name, strlen(name));
    *at = line + end + 1;
    return true;
}

/* Reads a quoted value; *at stands behind the first quote, and then behind the last. */
static char *read_value(const char **at)
{
    char *value = copied(*at, strcspn(*at, "\n"));
    char *end = value;
    for (const char *from = *at;; from++) {
        if (*from == '\n' || *from == '\0')
            break;
        if (*from == '"') {
            *end = '\0';
            *at = from + 1;
            return value;
        }
        if (*from == '\\') {
            from++;
            if (*from != '\\' && *from != '"' && *from != 'n')
                break;
        }
        *end++ = from[-1] == '\\' && *from == 'n' ? '\n' : *from;
    }
    free(value);
    return NULL;
}
