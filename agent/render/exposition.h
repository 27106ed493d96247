/*
 * Writes samples in the Prometheus text format 0.0.4. HELP and TYPE go before a family's first sample, so a family
 * without samples leaves no trace; the samples of a family must be written one after the other.
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "metric_table.h"

struct exposition {
    struct buf *buf;
    const struct metric_table_row *family; /* whose HELP and TYPE were written last; NULL: none yet */
};

/* Values may be any bytes: they are repaired to UTF-8 and escaped. */
struct exposition_label {
    const char *name;
    const char *value;
};

/* LABELS({"protocol", "tcp"}, {"port", port}); lives as long as the block around it. */
#define LABELS(...) ((const struct exposition_label[]){__VA_ARGS__, {NULL, NULL}})

/* labels: from LABELS(), or NULL for none. */
void exposition_integer(struct exposition *out, enum metric metric, const struct exposition_label *labels,
                        uint64_t value);
/* The shortest decimal form that reads back as the same number; one that is not finite is left out. */
void exposition_real(struct exposition *out, enum metric metric, const struct exposition_label *labels, double value);
/* counts: one a bucket that is bounded, and one for those beyond; not cumulated. */
void exposition_histogram(struct exposition *out, enum metric metric, const double *bounds, size_t bound_count,
                          const uint64_t *counts, double sum);

#define EXPOSITION_PORT_MAX 8
/* The port as a label has it. */
void exposition_port(uint16_t port, char ret_text[static EXPOSITION_PORT_MAX]);
