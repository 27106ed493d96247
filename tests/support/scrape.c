#include "scrape.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Room for one element more; the capacity is the next power of two. */
static void *grown(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return array;
    void *longer = reallocarray(array, count > 0 ? 2 * count : 1, size);
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

/* Where the text goes on after an expected beginning; NULL when it begins otherwise. */
static const char *after(const char *text, const char *beginning, size_t length)
{
    return text != NULL && strncmp(text, beginning, length) == 0 ? text + length : NULL;
}

/* What the samples of a type append to the name of their family; NULL when the format has no such type. */
static const char *const *suffixes_of(const char *type, enum metrics_format format)
{
    static const char *const plain[] = {"", NULL};
    static const char *const total[] = {"_total", NULL};
    static const char *const info[] = {"_info", NULL};
    static const char *const histogram[] = {"_bucket", "_sum", "_count", NULL};
    static const struct {
        const char *type;
        const char *const *suffixes[2]; /* by format */
    } types[] = {
        {"gauge\n", {[METRICS_PROMETHEUS] = plain, [METRICS_OPENMETRICS] = plain}},
        {"counter\n", {[METRICS_PROMETHEUS] = plain, [METRICS_OPENMETRICS] = total}},
        {"info\n", {[METRICS_PROMETHEUS] = NULL, [METRICS_OPENMETRICS] = info}},
        {"histogram\n", {[METRICS_PROMETHEUS] = histogram, [METRICS_OPENMETRICS] = histogram}},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (after(type, types[i].type, strlen(types[i].type)) != NULL)
            return types[i].suffixes[format];
    return NULL;
}

/* "# HELP name text" opens a family that was not there before; "# TYPE name type" must be the next line. */
static bool read_head(struct scrape *scrape, const char **at)
{
    const char *line = *at;
    const char *name = after(line, "# HELP ", 7);
    size_t length = name != NULL ? name_length(name) : 0;
    if (length == 0 || name[length] != ' ')
        return fail(scrape, "not a HELP line", line);
    for (size_t i = 0; i < scrape->family_count; i++)
        if (strlen(scrape->families[i]) == length && after(name, scrape->families[i], length) != NULL)
            return fail(scrape, "a family twice", line);

    line += strcspn(line, "\n");
    const char *type = after(after(after(line, "\n# TYPE ", 8), name, length), " ", 1);
    scrape->suffixes = suffixes_of(type, scrape->format);
    if (scrape->suffixes == NULL)
        return fail(scrape, "not followed by the TYPE line of the family", *at);
    scrape->families = grown(scrape->families, scrape->family_count, sizeof(*scrape->families));
    scrape->families[scrape->family_count++] = copied(name, length);
    *at = strchr(type, '\n') + 1;
    return true;
}

/* The character that an escape stands for, 0 when there is no such escape. */
static char unescaped(char escape)
{
    return escape == 'n' ? '\n' : escape == '\\' || escape == '"' ? escape : '\0';
}

/* Reads a quoted value; *at stands behind the first quote, and then behind the last. */
static char *read_value(const char **at)
{
    const char *from = *at;
    char *value = copied(from, strcspn(from, "\n"));
    char *end = value;
    while (*from != '"') {
        char byte = *from++;
        if (byte == '\\')
            byte = unescaped(*from++);
        else if (byte == '\n')
            byte = '\0';
        if (byte == '\0') {
            free(value);
            return NULL;
        }
        *end++ = byte;
    }
    *end = '\0';
    *at = from + 1;
    return value;
}

static int compare_labels(const void *left, const void *right)
{
    const struct scrape_label *a = left;
    const struct scrape_label *b = right;
    return strcmp(a->name, b->name);
}

static bool read_labels(struct scrape *scrape, struct scrape_sample *sample, const char **at, const char *line)
{
    do {
        ++*at;
        size_t length = name_length(*at);
        if (length == 0 || strncmp(*at + length, "=\"", 2) != 0 || sample->label_count == SCRAPE_LABELS_MAX)
            return fail(scrape, "not a label", line);
        const char *name = *at;
        *at += length + 2;
        char *value = read_value(at);
        if (value == NULL)
            return fail(scrape, "not a label's value", line);
        sample->labels[sample->label_count++] = (struct scrape_label){copied(name, length), value};
    } while (**at == ',');
    if (*(*at)++ != '}')
        return fail(scrape, "labels without an end", line);
    qsort(sample->labels, sample->label_count, sizeof(sample->labels[0]), compare_labels);
    for (size_t i = 1; i < sample->label_count; i++)
        if (compare_labels(&sample->labels[i - 1], &sample->labels[i]) == 0)
            return fail(scrape, "a label twice", line);
    return true;
}

/* To the last family. */
static bool belongs_to(const struct scrape *scrape, const char *name)
{
    const char *family = scrape->family_count > 0 ? scrape->families[scrape->family_count - 1] : "";
    const char *suffix = after(name, family, strlen(family));
    if (suffix == NULL || *family == '\0')
        return false;
    for (const char *const *known = scrape->suffixes; *known != NULL; known++)
        if (strcmp(suffix, *known) == 0)
            return true;
    return false;
}

static bool read_sample(struct scrape *scrape, const char **at)
{
    const char *line = *at;
    scrape->samples = grown(scrape->samples, scrape->sample_count, sizeof(*scrape->samples));
    struct scrape_sample *sample = &scrape->samples[scrape->sample_count++];
    *sample = (struct scrape_sample){.name = copied(line, name_length(line))};
    if (!belongs_to(scrape, sample->name))
        return fail(scrape, "a sample outside of its family", line);
    *at += strlen(sample->name);
    if (**at == '{' && !read_labels(scrape, sample, at, line))
        return false;

    char *end;
    sample->value = strtod(*at, &end);
    if (**at != ' ' || end == *at || *end != '\n' || !isfinite(sample->value))
        return fail(scrape, "not a finite value", line);
    *at = end + 1;
    return true;
}

static int compare_series(const void *left, const void *right)
{
    const struct scrape_sample *a = *(const struct scrape_sample *const *)left;
    const struct scrape_sample *b = *(const struct scrape_sample *const *)right;
    int order = strcmp(a->name, b->name);
    for (size_t i = 0; order == 0; i++) {
        if (i == a->label_count || i == b->label_count)
            return (a->label_count > b->label_count) - (a->label_count < b->label_count);
        order = strcmp(a->labels[i].name, b->labels[i].name);
        if (order == 0)
            order = strcmp(a->labels[i].value, b->labels[i].value);
    }
    return order;
}

static void find_double(struct scrape *scrape)
{
    cleanup(cleanup_free) const struct scrape_sample **sorted = calloc(scrape->sample_count + 1, sizeof(*sorted));
    if (sorted == NULL)
        abort();
    for (size_t i = 0; i < scrape->sample_count; i++)
        sorted[i] = &scrape->samples[i];
    qsort(sorted, scrape->sample_count, sizeof(*sorted), compare_series);
    for (size_t i = 1; i < scrape->sample_count && scrape->problem[0] == '\0'; i++)
        if (compare_series(&sorted[i - 1], &sorted[i]) == 0)
            (void)fail(scrape, "a series twice", sorted[i]->name);
}

/* Where the samples end; NULL when the text does not end as the format wants it. */
static const char *end_of_samples(const char *text, enum metrics_format format)
{
    static const char *const last_lines[] = {[METRICS_PROMETHEUS] = "", [METRICS_OPENMETRICS] = "# EOF\n"};
    size_t length = strlen(text);
    size_t last = strlen(last_lines[format]);
    return length >= last && strcmp(text + length - last, last_lines[format]) == 0 ? text + length - last : NULL;
}

void scrape_read(const char *text, enum metrics_format format, struct scrape *ret_scrape)
{
    *ret_scrape = (struct scrape){.format = format};
    const char *end = end_of_samples(text, format);
    bool good = end != NULL || fail(ret_scrape, "no end", text);
    for (const char *at = text; good && at < end;)
        good = *at == '#' ? read_head(ret_scrape, &at) : read_sample(ret_scrape, &at);
    if (good)
        find_double(ret_scrape);
}

void scrape_done(struct scrape *scrape)
{
    for (size_t i = 0; i < scrape->sample_count; i++) {
        for (size_t n = 0; n < scrape->samples[i].label_count; n++) {
            free(scrape->samples[i].labels[n].name);
            free(scrape->samples[i].labels[n].value);
        }
        free(scrape->samples[i].name);
    }
    for (size_t i = 0; i < scrape->family_count; i++)
        free(scrape->families[i]);
    free(scrape->samples);
    free(scrape->families);
    *scrape = (struct scrape){0};
}

const char *scrape_label(const struct scrape_sample *sample, const char *name)
{
    for (size_t i = 0; i < sample->label_count; i++)
        if (strcmp(sample->labels[i].name, name) == 0)
            return sample->labels[i].value;
    return NULL;
}

const struct scrape_sample *scrape_find(const struct scrape *scrape, const char *name)
{
    for (size_t i = 0; i < scrape->sample_count; i++)
        if (strcmp(scrape->samples[i].name, name) == 0)
            return &scrape->samples[i];
    return NULL;
}
