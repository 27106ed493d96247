#include "exposition.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define REAL_TEXT_MAX 32

static void begin_family(struct exposition *out, enum metric metric)
{
    const struct metric_table_row *family = &metric_table[metric];
    if (out->family == family)
        return;
    out->family = family;
    buf_printf(out->buf, "# HELP %s %s\n# TYPE %s %s\n", family->name, family->help, family->name, family->type);
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

/* Everything of a sample but its value. */
static void begin_sample(struct exposition *out, enum metric metric, const char *suffix,
                         const struct exposition_label *labels)
{
    begin_family(out, metric);
    buf_add_text(out->buf, metric_table[metric].name);
    buf_add_text(out->buf, suffix);
    if (labels != NULL) {
        char before = '{';
        for (; labels->name != NULL; labels++) {
            buf_add_char(out->buf, before);
            buf_printf(out->buf, "%s=\"", labels->name);
            add_label_value(out->buf, labels->value);
            buf_add_char(out->buf, '"');
            before = ',';
        }
        buf_add_char(out->buf, '}');
    }
    buf_add_char(out->buf, ' ');
}

static void format_real(double value, char ret_text[static REAL_TEXT_MAX])
{
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(ret_text, REAL_TEXT_MAX, "%.*g", digits, value);
        if (strtod(ret_text, NULL) == value)
            return;
    }
}

static void add_integer(struct exposition *out, enum metric metric, const char *suffix,
                        const struct exposition_label *labels, uint64_t value)
{
    begin_sample(out, metric, suffix, labels);
    buf_printf(out->buf, "%" PRIu64 "\n", value);
}

static void add_real(struct exposition *out, enum metric metric, const char *suffix,
                     const struct exposition_label *labels, double value)
{
    if (!isfinite(value))
        return;
    char text[REAL_TEXT_MAX];
    format_real(value, text);
    begin_sample(out, metric, suffix, labels);
    buf_add_text(out->buf, text);
    buf_add_char(out->buf, '\n');
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
        format_real(bounds[i], bound);
        cumulated += counts[i];
        add_integer(out, metric, "_bucket", LABELS({"le", bound}), cumulated);
    }
    cumulated += counts[bound_count];
    add_integer(out, metric, "_bucket", LABELS({"le", "+Inf"}), cumulated);
    add_real(out, metric, "_sum", NULL, sum);
    add_integer(out, metric, "_count", NULL, cumulated);
}

void exposition_port(uint16_t port, char ret_text[static EXPOSITION_PORT_MAX])
{
    (void)snprintf(ret_text, EXPOSITION_PORT_MAX, "%u", (unsigned int)port);
}
