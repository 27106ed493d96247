/* A question to the judge, and how tests check its answer. Include after <cmocka.h>. */
#pragma once

#include "judge/judge.h"
#include "world.h"

struct question {
    const char *endpoint;
    const char *const *table;               /* lines of a world */
    const char *const *binds;               /* test-binds that were made */
    enum judge_asker asker;                 /* the agent, when left out */
    bool hides_bound;                       /* a kernel before 6.8 */
    int refusal;                            /* of netlink: then the table is that of /proc/net */
    const struct kernel_settings *settings; /* NULL: those of world_settings() */
};

static inline struct verdict question_put(const struct question *question)
{
    struct endpoint_range range;
    assert_int_equal(endpoint_parse(question->endpoint, &range, NULL), 0);
    struct holders holders = world_holders(question->table);
    struct kernel_settings usual = world_settings();
    struct bind_result binds[VERDICT_BINDS_MAX];
    struct judge_evidence evidence = {
        .endpoint = range.first,
        .asker = question->asker,
        .holders = &holders,
        .table_shows_bound = !question->hides_bound && question->refusal == 0,
        .source = {question->refusal == 0 ? SOURCE_NETLINK : SOURCE_PROCFS, question->refusal},
        .settings = question->settings != NULL ? question->settings : &usual,
        .performed = binds,
        .performed_count = world_binds(question->binds, binds),
    };
    struct verdict verdict;
    assert_int_equal(judge(&evidence, &verdict), 0);
    holders_done(&holders);
    return verdict;
}

/* The verdict, to be declared with cleanup(verdict_done). */
#define ask(...) question_put(&(struct question){__VA_ARGS__})

#define assert_verdict(verdict, expected_kind, expected_cause)                                                         \
    do {                                                                                                               \
        assert_string_equal(verdict_kind_name((verdict)->kind), verdict_kind_name(expected_kind));                     \
        assert_string_equal(cause_name((verdict)->cause), cause_name(expected_cause));                                 \
    } while (0)

/* All binds of the verdict in their order, as world_bind_format() writes them. */
static inline void assert_binds(const struct verdict *verdict, const char *const *lines)
{
    for (size_t i = 0; i < verdict->bind_count; i++) {
        char text[WORLD_BIND_MAX];
        world_bind_format(&verdict->binds[i], text);
        assert_non_null(lines[i]);
        assert_string_equal(text, lines[i]);
    }
    assert_null(lines[verdict->bind_count]);
}
