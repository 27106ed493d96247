#include "exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define REAL_TEXT_MAX 32

void exposition_init(struct exposition *out, enum metrics_format format, size_t limit)
{
    out->format = format;
    out->netns = NULL;
    for (size_t i = 0; i < METRIC_COUNT; i++)
        buf_init(&out->samples[i], limit);
}

void exposition_done(struct exposition *out)
{
    for (size_t i = 0; i < METRIC_COUNT; i++)
        buf_done(&out->samples[i]);
}

static bool has_type(const struct metric_table_row *family, const char *type)
{
    return strcmp(family->type, type) == 0;
}

/* Of the family's name in OpenMetrics, which is without the suffix that the samples of its type have. */
static size_t family_length(const struct metric_table_row *family)
{
    size_t suffix = has_type(family, "counter") ? strlen("_total") : has_type(family, "info") ? strlen("_info") : 0;
    return strlen(family->name) - suffix;
}

/* Cutting at ASCII bytes leaves every UTF-8 sequence whole, so each run can be repaired alone. */
static void add_label_value(struct buf *buf, const char *value)
{
    for (;;) {
        size_t run = strcspn(value, "\\\"\n");
        utf8_repair(buf, value, run);
        value += run;
        if (*value == '\0')
            return;
        buf_add_char(buf, '\\');
        buf_add_char(buf, *value == '\n' ? 'n' : *value);
        value++;
    }
}

static void add_label(struct buf *buf, char before, const struct exposition_label *label)
{
    buf_add_char(buf, before);
    buf_printf(buf, "%s=\"", label->name);
    add_label_value(buf, label->value);
    buf_add_char(buf, '"');
}

/* Everything of a sample but its value. Returns where that goes. */
static struct buf *begin_sample(struct exposition *out, enum metric metric, const char *suffix,
                                const struct exposition_label *labels)
{
    struct buf *buf = &out->samples[metric];
    buf_add_text(buf, metric_table[metric].name);
    buf_add_text(buf, suffix);
    char before = '{';
    for (; labels != NULL && labels->name != NULL; labels++) {
        add_label(buf, before, labels);
        before = ',';
    }
    if (out->netns != NULL) {
        add_label(buf, before, &(struct exposition_label){"netns", out->netns});
        before = ',';
    }
    if (before == ',')
        buf_add_char(buf, '}');
    buf_add_char(buf, ' ');
    return buf;
}

static void format_real(double value, char ret_text[static REAL_TEXT_MAX])
{
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(ret_text, REAL_TEXT_MAX, "%.*g", digits, value);
        if (strtod(ret_text, NULL) == value)
            return;
    }
}

/* With a fraction even when it is whole, as OpenMetrics recommends: the bucket is the same series in both formats. */
static void format_bound(double bound, char ret_text[static REAL_TEXT_MAX])
{
    format_real(bound, ret_text);
    if (strpbrk(ret_text, ".e") == NULL)
        (void)strcat(ret_text, ".0");
}

static void add_integer(struct exposition *out, enum metric metric, const char *suffix,
                        const struct exposition_label *labels, uint64_t value)
{
    buf_printf(begin_sample(out, metric, suffix, labels), "%" PRIu64 "\n", value);
}

static void add_real(struct exposition *out, enum metric metric, const char *suffix,
                     const struct exposition_label *labels, double value)
{
    if (!isfinite(value))
        return;
    char text[REAL_TEXT_MAX];
    format_real(value, text);
    buf_printf(begin_sample(out, metric, suffix, labels), "%s\n", text);
}

void exposition_integer(struct exposition *out, enum metric metric, const struct exposition_label *labels,
                        uint64_t value)
{
    add_integer(out, metric, "", labels, value);
}

void exposition_real(struct exposition *out, enum metric metric, const struct exposition_label *labels, double value)
{
    add_real(out, metric, "", labels, value);
}

void exposition_histogram(struct exposition *out, enum metric metric, const double *bounds, size_t bound_count,
                          const uint64_t *counts, double sum)
{
    uint64_t cumulated = 0;
    for (size_t i = 0; i < bound_count; i++) {
        char bound[REAL_TEXT_MAX];
        format_bound(bounds[i], bound);
        cumulated += counts[i];
        add_integer(out, metric, "_bucket", LABELS({"le", bound}), cumulated);
    }
    cumulated += counts[bound_count];
    add_integer(out, metric, "_bucket", LABELS({"le", "+Inf"}), cumulated);
    add_real(out, metric, "_sum", NULL, sum);
    add_integer(out, metric, "_count", NULL, cumulated);
}

static void add_family(const struct exposition *out, enum metric metric, struct buf *buf)
{
    const struct metric_table_row *family = &metric_table[metric];
    bool openmetrics = out->format == METRICS_OPENMETRICS;
    int length = (int)(openmetrics ? family_length(family) : strlen(family->name));
    const char *type = !openmetrics && has_type(family, "info") ? "gauge" : family->type;
    buf_printf(buf, "# HELP %.*s %s\n# TYPE %.*s %s\n", length, family->name, family->help, length, family->name, type);
}

void exposition_end(struct exposition *out, struct buf *buf)
{
    for (enum metric metric = 0; metric < METRIC_COUNT; metric++) {
        struct buf *samples = &out->samples[metric];
        if (samples->failure != 0 && buf->failure == 0)
            buf->failure = samples->failure;
        if (samples->length > 0)
            add_family(out, metric, buf);
        buf_add(buf, samples->data, samples->length);
        buf_done(samples);
    }
    if (out->format == METRICS_OPENMETRICS)
        buf_add_text(buf, "# EOF\n");
}

void exposition_port(uint16_t port, char ret_text[static EXPOSITION_PORT_MAX])
{
    (void)snprintf(ret_text, EXPOSITION_PORT_MAX, "%u", (unsigned int)port);
}
