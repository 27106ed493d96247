/* A table of worlds, run as one cmocka test a row, in a namespace of the program's own. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "ways.h"
#include "world.h"

/* The state of each test. */
struct trial {
    struct ways *ways;
    const void *row;
    uint16_t port; /* the first of TRIAL_PORTS that are the row's own */
};

/* No row shares a port with another: what its sockets leave behind stays. */
#define TRIAL_FIRST_PORT 10000
#define TRIAL_PORTS 64

struct trial_table {
    const void *rows;
    size_t row_size; /* each begins with a const char *, its name */
    size_t count;
    CMUnitTestFunction test;
    CMFixtureFunction teardown; /* after each row, also one that failed; NULL: none */
};

/* From main(): enters the namespace, or skips. Returns what main() returns. */
int trial_run(const struct trial_table *table);

/* A world on one of the trial's ports, nobody in it yet. */
struct world trial_world(const struct trial *trial, size_t port);

/* ways_compare(), a mismatch being a failure of the test. */
struct direct trial_compare(const struct trial *trial, const struct endpoint *endpoint, struct verdict *ret_why);
