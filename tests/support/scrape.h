/*
 * A strict reader of both formats of metrics, as tests want it: it also refuses what parsers let pass, and what they
 * cannot see: a family without HELP or TYPE, or in two places; a sample whose name is not of the family's type; a
 * series that is there twice; an escape that the format does not know; a value that is no finite number.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "render/metrics.h"

#define SCRAPE_LABELS_MAX 8

struct scrape_label {
    char *name;
    char *value; /* unescaped */
};

struct scrape_sample {
    char *name;
    struct scrape_label labels[SCRAPE_LABELS_MAX]; /* by name */
    size_t label_count;
    double value;
};

struct scrape {
    struct scrape_sample *samples; /* in the order of the text */
    size_t sample_count;
    char **families; /* likewise; their names as HELP and TYPE have them */
    size_t family_count;
    enum metrics_format format;
    const char *const *suffixes; /* of the samples of the last family; ends with NULL */
    char problem[256];           /* the first one; "" when there is none */
};

/* Reads the whole text, or up to the first problem; scrape_done() frees in both cases. */
void scrape_read(const char *text, enum metrics_format format, struct scrape *ret_scrape);
void scrape_done(struct scrape *scrape);

/* The value of a label; NULL when the sample does not have it. */
const char *scrape_label(const struct scrape_sample *sample, const char *name);
/* The first sample of this name; NULL when there is none. */
const struct scrape_sample *scrape_find(const struct scrape *scrape, const char *name);
