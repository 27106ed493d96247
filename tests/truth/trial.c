#include "trial.h"

#include <stdio.h>

#include "sandbox.h"

struct world trial_world(const struct trial *trial, size_t port)
{
    return (struct world){
        .table = trial->ways->inquiry.sockets,
        .port = (uint16_t)(trial->port + port),
    };
}

struct direct trial_compare(const struct trial *trial, const struct endpoint *endpoint, struct verdict *ret_why)
{
    struct direct truth = {0};
    struct error error;
    if (ways_compare(trial->ways, endpoint, ret_why, &truth, &error) < 0)
        fail_msg("%s", error.text);
    return truth;
}

static const char *name_of(const void *row)
{
    const char *name;
    memcpy(&name, row, sizeof(name));
    return name;
}

static int run(const struct trial_table *table, struct ways *ways)
{
    cleanup(cleanup_free) struct trial *trials = calloc(table->count, sizeof(*trials));
    cleanup(cleanup_free) struct CMUnitTest *tests = calloc(table->count, sizeof(*tests));
    if (trials == NULL || tests == NULL)
        return 1;
    for (size_t i = 0; i < table->count; i++) {
        trials[i] = (struct trial){
            .ways = ways,
            .row = (const char *)table->rows + i * table->row_size,
            .port = (uint16_t)(TRIAL_FIRST_PORT + i * TRIAL_PORTS),
        };
        tests[i] = (struct CMUnitTest){
            .name = name_of(trials[i].row),
            .test_func = table->test,
            .teardown_func = table->teardown,
            .initial_state = &trials[i],
        };
    }
    return _cmocka_run_group_tests("truth", tests, table->count, NULL, NULL);
}

int trial_run(const struct trial_table *table)
{
    sandbox_enter_or_skip();
    struct error error;
    cleanup(ways_done) struct ways ways = {0};
    if (ways_open(&ways, &error) < 0) {
        (void)fprintf(stderr, "%s\n", error.text);
        return 1;
    }
    int failures = run(table, &ways);
    ways_print_tally(&ways);
    return failures;
}
