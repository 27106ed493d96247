/* The state of a host in a few sentences, the worst first: what the status page says at its top. */
#pragma once

#include <stddef.h>

enum summary_level { SUMMARY_FINE, SUMMARY_WARNING, SUMMARY_PROBLEM };
/* "fine", "warning", "problem". */
const char *summary_level_name(enum summary_level level);

#define SUMMARY_TEXT_MAX 320

struct summary_line {
    enum summary_level level;
    double frees_in_seconds;     /* since the report, of a port that time alone frees; negative: none such */
    char text[SUMMARY_TEXT_MAX]; /* without that time and without a full stop; names of processes may be any bytes */
};

#define SUMMARY_LINES_MAX 6

struct summary {
    struct summary_line lines[SUMMARY_LINES_MAX];
    size_t count;    /* 0: not summarised */
    size_t left_out; /* lines that had no room: none of them is worse than those that have */
};
