#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "chance.h"
#include "cookies.h"

#define MEBIBYTE ((size_t)1 << 20)
#define PAGE_COOKIES 4096
#define NAIVE_MAX 4000

static struct cookies *new_set(size_t limit)
{
    struct cookies *cookies = NULL;
    assert_int_equal(cookies_new(limit, &cookies), 0);
    return cookies;
}

/* What the set should be, as plain as can be. */
struct naive {
    uint64_t items[NAIVE_MAX];
    size_t count;
};

static bool naive_has(const struct naive *naive, uint64_t cookie)
{
    for (size_t i = 0; i < naive->count; i++)
        if (naive->items[i] == cookie)
            return true;
    return false;
}

/* Adds to both; they agree on whether it was in. What the set has no room for is in neither. */
static void add_to_both(struct cookies *cookies, struct naive *naive, uint64_t cookie, size_t limit)
{
    bool known = naive_has(naive, cookie);
    assert_int_equal(cookies_has(cookies, cookie), known);
    int added = cookies_add(cookies, cookie);
    if (known)
        assert_int_equal(added, 0);
    else
        assert_true(added == 1 || added == -ENOSPC);
    if (added == 1)
        naive->items[naive->count++] = cookie;
    assert_int_equal(cookies_has(cookies, cookie), known || added == 1);
    assert_true(cookies_size(cookies) <= limit);
}

typedef uint64_t pattern(struct chance *chance);

static uint64_t one_run(struct chance *chance)
{
    return 100000 + chance_below(chance, 5000);
}

static uint64_t anywhere(struct chance *chance)
{
    return (uint64_t)chance_below(chance, UINT32_MAX) << 32 | chance_below(chance, UINT32_MAX);
}

/* As dear as it gets: each on a page of its own. */
static uint64_t one_in_each_page(struct chance *chance)
{
    return (uint64_t)chance_below(chance, 3000) * PAGE_COOKIES + 17;
}

static uint64_t on_the_edges_of_pages(struct chance *chance)
{
    return (uint64_t)(1 + chance_below(chance, 500)) * PAGE_COOKIES - 2 + chance_below(chance, 4);
}

static uint64_t at_both_ends_of_the_numbers(struct chance *chance)
{
    uint64_t near = chance_below(chance, 300);
    return chance_once_in(chance, 2) ? near : UINT64_MAX - near;
}

/* Pages that a table of a power of two sees as one, when it looks at the lower half, or at the upper half only. */
static uint64_t alike_in_half_of_their_bits(struct chance *chance)
{
    uint64_t number = 1 + chance_below(chance, 2000);
    return (chance_once_in(chance, 2) ? number << 44 : number << 24) + chance_below(chance, 3);
}

static uint64_t some_of_each(struct chance *chance)
{
    static pattern *const patterns[] = {one_run, anywhere, one_in_each_page, on_the_edges_of_pages};
    return patterns[chance_below(chance, 4)](chance);
}

static void try_pattern(struct chance *chance, pattern *next, size_t limit)
{
    cleanup(cookies_freep) struct cookies *cookies = new_set(limit);
    struct naive *naive = calloc(1, sizeof(*naive));
    assert_non_null(naive);
    for (int filling = 0; filling < 3; filling++) {
        uint32_t count = 1 + chance_below(chance, NAIVE_MAX);
        for (uint32_t i = 0; i < count; i++)
            add_to_both(cookies, naive, next(chance), limit);
        for (size_t i = 0; i < naive->count; i++)
            assert_true(cookies_has(cookies, naive->items[i]));
        cookies_clear(cookies);
        for (size_t i = 0; i < naive->count; i++)
            assert_false(cookies_has(cookies, naive->items[i]));
        naive->count = 0;
    }
    free(naive);
}

static void it_has_what_a_naive_set_has(void **state)
{
    (void)state;
    static pattern *const patterns[] = {one_run,
                                        anywhere,
                                        one_in_each_page,
                                        on_the_edges_of_pages,
                                        at_both_ends_of_the_numbers,
                                        alike_in_half_of_their_bits,
                                        some_of_each};
    struct chance chance = chance_new();
    for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
        try_pattern(&chance, patterns[i], MEBIBYTE);
}

static void below_a_limit_it_is_a_set_of_what_it_took(void **state)
{
    (void)state;
    struct chance chance = chance_new();
    for (int run = 0; run < 20; run++)
        try_pattern(&chance, some_of_each, 2000 + chance_below(&chance, 20000));
}

static void a_full_set_still_knows_what_it_has(void **state)
{
    (void)state;
    cleanup(cookies_freep) struct cookies *cookies = new_set(4096);
    uint64_t first_refused = 0;
    while (cookies_add(cookies, first_refused * PAGE_COOKIES) == 1)
        first_refused++;
    assert_true(first_refused > 10);
    for (uint64_t number = 0; number < first_refused; number++)
        assert_int_equal(cookies_add(cookies, number * PAGE_COOKIES), 0);
    assert_int_equal(cookies_add(cookies, first_refused * PAGE_COOKIES), -ENOSPC);
    assert_false(cookies_has(cookies, first_refused * PAGE_COOKIES));
}

static void a_million_in_a_run_take_about_a_bit_each(void **state)
{
    (void)state;
    cleanup(cookies_freep) struct cookies *cookies = new_set(MEBIBYTE);
    for (uint64_t cookie = 7000; cookie < 1007000; cookie++)
        assert_int_equal(cookies_add(cookies, cookie), 1);
    assert_in_range(cookies_size(cookies), 1000000 / 8, 1000000 / 8 * 3 / 2);
    assert_false(cookies_has(cookies, 6999));
    assert_true(cookies_has(cookies, 7000));
    assert_true(cookies_has(cookies, 1006999));
    assert_false(cookies_has(cookies, 1007000));
}

static void lone_ones_take_a_few_bytes_each(void **state)
{
    (void)state;
    cleanup(cookies_freep) struct cookies *cookies = new_set(MEBIBYTE);
    for (uint64_t number = 0; number < 4000; number++)
        assert_int_equal(cookies_add(cookies, number * PAGE_COOKIES), 1);
    assert_true(cookies_size(cookies) <= 4000 * 128);
}

static void memory_is_given_back_once_it_is_not_needed(void **state)
{
    (void)state;
    cleanup(cookies_freep) struct cookies *cookies = new_set(MEBIBYTE);
    size_t empty = cookies_size(cookies);
    for (uint64_t number = 0; number < 4000; number++)
        assert_int_equal(cookies_add(cookies, number * PAGE_COOKIES), 1);
    size_t full = cookies_size(cookies);
    cookies_clear(cookies);
    assert_true(cookies_size(cookies) < full);
    assert_int_equal(cookies_add(cookies, 1), 1);
    cookies_clear(cookies);
    cookies_clear(cookies);
    assert_int_equal(cookies_size(cookies), empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_what_a_naive_set_has),
        cmocka_unit_test(below_a_limit_it_is_a_set_of_what_it_took),
        cmocka_unit_test(a_full_set_still_knows_what_it_has),
        cmocka_unit_test(a_million_in_a_run_take_about_a_bit_each),
        cmocka_unit_test(lone_ones_take_a_few_bytes_each),
        cmocka_unit_test(memory_is_given_back_once_it_is_not_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
