/*
 * Writes samples in either format, in any order: they are gathered by family, and the families written at the end, in
 * the order of the table, each after its HELP and TYPE. A family without samples leaves no trace. A sample reads the
 * same in both formats.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "metric_table.h"
#include "render/metrics.h"

struct exposition {
    enum metrics_format format;
    const char *netns; /* of the samples that follow, as a label; NULL: they have none */
    struct buf samples[METRIC_COUNT];
};

/* limit: of the bytes of each family. */
void exposition_init(struct exposition *out, enum metrics_format format, size_t limit);
void exposition_done(struct exposition *out);

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

/* After the last sample: writes all of it. Failure sticks to buf. */
void exposition_end(struct exposition *out, struct buf *buf);

#define EXPOSITION_PORT_MAX 8
/* The port as a label has it. */
void exposition_port(uint16_t port, char ret_text[static EXPOSITION_PORT_MAX]);
