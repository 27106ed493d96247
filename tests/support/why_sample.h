/* Verdicts for tests, one for each cause and kind at least; their texts are kept in tests/data/why. */
#pragma once

#include "report_sample.h"

/* A bind whose result is not known. */
#define WHY_SAMPLE_NOT_KNOWN (-1)

struct why_sample_bind {
    const char *address;
    int plain;
    int reuseaddr;
    bool tried; /* the plain one; that with SO_REUSEADDR always is */
};

struct why_sample_holder {
    enum sock_state state;
    uint64_t count;
    const char *local;
    const char *peer; /* NULL: none */
    uint16_t peer_port;
    uint32_t left_ms; /* not 0: a minisocket */
    enum direction direction;
    const char *process; /* NULL: no owner is known */
    const char *unit;
    const char *container;
    int32_t first_pid;
    int32_t sharers; /* processes beyond the first, with the pids that follow */
    bool exited;
};

#define WHY_SAMPLE_HOLDERS_MAX 3
#define WHY_SAMPLE_REMEDIES_MAX 4

struct why_sample {
    const char *name;
    const char *endpoint;
    enum verdict_kind kind;
    enum cause cause;
    bool asks_reuseaddr;
    bool may_extend;
    bool coloured;        /* its coloured text is kept, too */
    double plain_seconds; /* 0: never, unless it is free */
    struct why_sample_bind binds[ENDPOINT_ADDRESSES_MAX];
    struct why_sample_holder holders[WHY_SAMPLE_HOLDERS_MAX];
    const char *missing;
    const char *explanation;
    struct {
        enum remedy_kind kind;
        const char *text;
        const char *command;
    } remedies[WHY_SAMPLE_REMEDIES_MAX];
};

extern const struct why_sample why_samples[];
extern const size_t why_sample_count;

/* A report whose one port has the verdict. */
struct report *why_sample_build(const struct why_sample *sample);
