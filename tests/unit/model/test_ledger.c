#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/clock.h"
#include "chance.h"
#include "model/ledger.h"

#define MEBIBYTE ((size_t)1 << 20)
/* Of a set: room for some dozens of lone cookies. */
#define TIGHT 3000
#define LIFETIME_MS 60000
#define PAGE_COOKIES 4096

static struct ledger *new_ledger(size_t limit)
{
    struct ledger *ledger = NULL;
    assert_int_equal(ledger_new(limit, &ledger), 0);
    return ledger;
}

static void begin(struct ledger *ledger, int64_t now_ms)
{
    ledger_begin(ledger, now_ms * CLOCK_NS_PER_MS);
}

static int see(struct ledger *ledger, enum sock_state state, uint64_t cookie, uint32_t remaining_ms)
{
    struct sock sock = {.state = state, .minisocket = true, .cookie = cookie, .remaining_ms = remaining_ms};
    int entered = ledger_see(ledger, &sock);
    assert_in_range(entered, 0, 1);
    return entered;
}

/* A whole round, a second after the one before, that sees so many TIME_WAITs with cookies from first on. */
static int round_of(struct ledger *ledger, int64_t now_ms, uint64_t first, uint64_t count)
{
    int entered = 0;
    begin(ledger, now_ms);
    for (uint64_t i = 0; i < count; i++)
        entered += see(ledger, SOCK_TIME_WAIT, first + i, 50000);
    ledger_end(ledger);
    return entered;
}

static void what_was_there_before_the_first_round_is_not_new(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
    assert_int_equal(round_of(ledger, 1000, 100, 5), 0);
    assert_int_equal(round_of(ledger, 2000, 100, 5), 0);
    assert_int_equal(ledger_minisockets(ledger), 0);
}

static void each_socket_is_new_once(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
    assert_int_equal(round_of(ledger, 1000, 100, 5), 0);
    assert_int_equal(round_of(ledger, 2000, 100, 8), 3);
    for (int64_t now_ms = 3000; now_ms < 20000; now_ms += 1000)
        assert_int_equal(round_of(ledger, now_ms, 100, 8), 0);
    assert_int_equal(round_of(ledger, 20000, 105, 5), 2);
    assert_int_equal(ledger_minisockets(ledger), 5);
    assert_true(ledger_is_exact(ledger));
}

static void a_fin_wait2_is_new_when_it_becomes_a_time_wait(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
    for (int64_t now_ms = 1000; now_ms < 5000; now_ms += 1000) {
        begin(ledger, now_ms);
        assert_int_equal(see(ledger, SOCK_FIN_WAIT2, 7, 50000), 0);
        ledger_end(ledger);
    }
    begin(ledger, 5000);
    assert_int_equal(see(ledger, SOCK_TIME_WAIT, 7, 60000), 1);
    assert_int_equal(see(ledger, SOCK_FIN_WAIT2, 8, 60000), 0);
    ledger_end(ledger);
    begin(ledger, 6000);
    assert_int_equal(see(ledger, SOCK_TIME_WAIT, 7, 59000), 0);
    assert_int_equal(see(ledger, SOCK_TIME_WAIT, 8, 59900), 1);
    ledger_end(ledger);
    assert_int_equal(ledger_minisockets(ledger), 1);
}

static void a_timer_that_is_armed_anew_makes_nothing_new(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
    begin(ledger, 1000);
    ledger_end(ledger);
    static const uint32_t remaining_ms[] = {60000, 30000, 60000, 59000, 60000};
    for (size_t i = 0; i < 5; i++) {
        begin(ledger, 2000 + (int64_t)i * 1000);
        assert_int_equal(see(ledger, SOCK_TIME_WAIT, 7, remaining_ms[i]), i == 0);
        ledger_end(ledger);
    }
}

static void what_one_dump_passes_over_is_not_new_when_it_is_back(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
    assert_int_equal(round_of(ledger, 1000, 100, 5), 0);
    assert_int_equal(round_of(ledger, 2000, 100, 6), 1);
    assert_int_equal(round_of(ledger, 3000, 100, 3), 0);
    assert_int_equal(round_of(ledger, 4000, 100, 6), 0);
    assert_int_equal(ledger_minisockets(ledger), 1);
}

static void what_one_dump_shows_twice_is_new_once(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
    assert_int_equal(round_of(ledger, 1000, 100, 1), 0);
    begin(ledger, 2000);
    assert_int_equal(see(ledger, SOCK_FIN_WAIT2, 8, 60000), 0);
    assert_int_equal(see(ledger, SOCK_TIME_WAIT, 8, 60000), 1);
    assert_int_equal(see(ledger, SOCK_TIME_WAIT, 8, 60000), 0);
    ledger_end(ledger);
    assert_int_equal(ledger_minisockets(ledger), 1);
}

static void a_round_that_is_not_ended_never_was(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
    begin(ledger, 500);
    assert_int_equal(see(ledger, SOCK_TIME_WAIT, 99, 60000), 0);
    assert_int_equal(round_of(ledger, 1000, 100, 5), 0);
    begin(ledger, 2000);
    assert_int_equal(see(ledger, SOCK_TIME_WAIT, 200, 60000), 1);
    assert_int_equal(ledger_minisockets(ledger), 0);
    assert_int_equal(round_of(ledger, 3000, 200, 1), 1);
    assert_int_equal(round_of(ledger, 4000, 100, 5), 0);
    assert_int_equal(round_of(ledger, 5000, 99, 1), 1);
    assert_int_equal(ledger_minisockets(ledger), 2);
}

static int64_t age_ms(const struct ledger *ledger, uint32_t remaining_ms)
{
    struct sock sock = {.state = SOCK_TIME_WAIT, .minisocket = true, .remaining_ms = remaining_ms};
    return ledger_age_ms(ledger, &sock);
}

static void the_age_is_right_from_the_first_socket_on(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
    begin(ledger, 1000);
    see(ledger, SOCK_TIME_WAIT, 7, 45000);
    assert_int_equal(age_ms(ledger, 45000), 15000);
    assert_int_equal(age_ms(ledger, 60000), 0);
    assert_int_equal(age_ms(ledger, 0), 60000);
}

static void a_slow_walk_makes_no_lifetime_longer(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
    begin(ledger, 1000);
    struct sock sock = {.state = SOCK_TIME_WAIT, .minisocket = true, .remaining_ms = 59900, .read_after_ms = 900};
    assert_int_equal(ledger_see(ledger, &sock), 0);
    assert_int_equal(age_ms(ledger, 45000), 15000);
}

/* Some kernels let it be tuned. The timer of a FIN_WAIT2 is another one. */
static void a_longer_lifetime_is_learnt_from_time_waits(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
    begin(ledger, 1000);
    see(ledger, SOCK_FIN_WAIT2, 7, 300000);
    assert_int_equal(age_ms(ledger, 20000), 40000);
    see(ledger, SOCK_TIME_WAIT, 8, 119000);
    assert_int_equal(age_ms(ledger, 20000), 99000);
    ledger_end(ledger);
    begin(ledger, 2000);
    see(ledger, SOCK_TIME_WAIT, 9, 118000);
    assert_int_equal(age_ms(ledger, 20000), 99000);
}

/* One lone cookie after another, of which the one with number n entered at n * spacing_ms. */
static int sparse_round(struct ledger *ledger, int64_t now_ms, int64_t spacing_ms)
{
    int entered = 0;
    begin(ledger, now_ms);
    for (int64_t n = 0; n * spacing_ms <= now_ms; n++) {
        int64_t age = now_ms - n * spacing_ms;
        if (age < LIFETIME_MS)
            entered += see(ledger, SOCK_TIME_WAIT, (uint64_t)n * PAGE_COOKIES, (uint32_t)(LIFETIME_MS - age));
    }
    ledger_end(ledger);
    return entered;
}

static void beyond_the_limit_the_time_of_entry_stands_in(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(TIGHT);
    assert_int_equal(sparse_round(ledger, 10000, 1000), 0);
    assert_true(ledger_is_exact(ledger));
    int entered = 0;
    for (int64_t now_ms = 15000; now_ms <= 100000; now_ms += 5000)
        entered += sparse_round(ledger, now_ms, 10);
    assert_false(ledger_is_exact(ledger));
    /* All but those that the very first round saw. */
    assert_int_equal(entered, 10001 - 11);
}

static void it_is_exact_again_once_every_decision_rests_on_identity(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(TIGHT);
    assert_int_equal(round_of(ledger, 1000, 0, 1), 0);
    sparse_round(ledger, 50000, 10);
    assert_false(ledger_is_exact(ledger));
    assert_int_equal(round_of(ledger, 51000, 1, 1), 0);
    assert_false(ledger_is_exact(ledger));
    round_of(ledger, 52000, 1, 1);
    assert_false(ledger_is_exact(ledger));
    round_of(ledger, 53000, 1, 1);
    assert_true(ledger_is_exact(ledger));
    assert_int_equal(round_of(ledger, 54000, 1, 2), 1);
}

static void what_is_gone_takes_no_room(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(TIGHT);
    for (uint64_t round = 1; round < 30; round++) {
        begin(ledger, (int64_t)round * 1000);
        for (uint64_t i = 0; i < 10; i++) {
            see(ledger, SOCK_FIN_WAIT2, (round * 20 + i) * PAGE_COOKIES, 60000);
            see(ledger, SOCK_TIME_WAIT, (round * 20 + i + 10) * PAGE_COOKIES, 60000);
        }
        ledger_end(ledger);
        assert_true(ledger_is_exact(ledger));
    }
}

/* A TIME_WAIT to come, or one that is there. */
struct entry {
    uint64_t cookie;
    int64_t orphaned_ms; /* it is a FIN_WAIT2 from here on, */
    int64_t entered_ms;  /* and a TIME_WAIT from here on */
    int64_t armed_ms;    /* its timer runs for a lifetime */
    bool passed_over;    /* by the latest dump */
};
#define ENTRIES 600

static void make_entries(struct chance *chance, struct entry *entries)
{
    uint64_t cookie = 1 + chance_below(chance, UINT32_MAX);
    for (size_t i = 0; i < ENTRIES; i++) {
        int64_t entered_ms = chance_below(chance, 180000);
        bool orphan = chance_once_in(chance, 4);
        cookie += chance_once_in(chance, 50) ? chance_below(chance, 100 * PAGE_COOKIES) + 1 : 1;
        entries[i] = (struct entry){
            .cookie = cookie,
            .orphaned_ms = entered_ms - (orphan ? chance_below(chance, 50000) : 0),
            .entered_ms = entered_ms,
            .armed_ms = entered_ms,
        };
    }
}

/* A dump that may pass one over, but not twice in a row, and may show one twice. Returns how many are new. */
static int dump(struct chance *chance, struct ledger *ledger, struct entry *entries, int64_t now_ms, bool whole)
{
    int entered = 0;
    size_t first = chance_below(chance, ENTRIES);
    for (size_t i = 0; i < (whole ? ENTRIES : ENTRIES / 2); i++) {
        struct entry *entry = &entries[(first + i) % ENTRIES];
        if (now_ms < entry->orphaned_ms || now_ms >= entry->armed_ms + LIFETIME_MS)
            continue;
        if (whole) {
            entry->passed_over = !entry->passed_over && chance_once_in(chance, 20);
            if (entry->passed_over)
                continue;
        }
        bool time_wait = now_ms >= entry->entered_ms;
        if (time_wait && chance_once_in(chance, 100))
            entry->armed_ms = now_ms;
        int64_t remaining_ms = time_wait ? entry->armed_ms + LIFETIME_MS - now_ms : 30000;
        for (int times = chance_once_in(chance, 20) ? 2 : 1; times > 0; times--)
            entered += see(ledger, time_wait ? SOCK_TIME_WAIT : SOCK_FIN_WAIT2, entry->cookie, (uint32_t)remaining_ms);
    }
    return entered;
}

static int due(const struct entry *entries, int64_t after_ms, int64_t until_ms)
{
    int count = 0;
    for (size_t i = 0; i < ENTRIES; i++)
        count += entries[i].entered_ms > after_ms && entries[i].entered_ms <= until_ms;
    return count;
}

static void each_entry_is_counted_once_whatever_the_dumps_are_like(void **state)
{
    (void)state;
    struct chance chance = chance_new();
    for (int run = 0; run < 40; run++) {
        cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
        struct entry entries[ENTRIES];
        make_entries(&chance, entries);
        int64_t first_ms = chance_below(&chance, 30000);
        begin(ledger, first_ms);
        dump(&chance, ledger, entries, first_ms, true);
        ledger_end(ledger);
        /* Whatever the first dump passed over is taken for new: the next ones cannot know. */
        int unknown = 0;
        for (size_t i = 0; i < ENTRIES; i++)
            unknown += entries[i].passed_over && entries[i].entered_ms <= first_ms;
        int entered = 0;
        int64_t now_ms = first_ms;
        while (now_ms < 190000) {
            now_ms += 50 + chance_below(&chance, chance_once_in(&chance, 2) ? 500 : 20000);
            begin(ledger, now_ms);
            if (chance_once_in(&chance, 5)) {
                dump(&chance, ledger, entries, now_ms, false);
                begin(ledger, now_ms);
            }
            entered += dump(&chance, ledger, entries, now_ms, true);
            ledger_end(ledger);
            assert_true(entered <= due(entries, first_ms, now_ms) + unknown);
        }
        begin(ledger, now_ms + 50);
        entered += dump(&chance, ledger, entries, now_ms + 50, true);
        ledger_end(ledger);
        assert_in_range(entered, due(entries, first_ms, now_ms), due(entries, first_ms, now_ms) + unknown);
    }
}

static void what_is_known_by_derived_cookies_is_new_once_and_not_exact(void **state)
{
    (void)state;
    cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
    assert_int_equal(round_of(ledger, 1000, SOCK_COOKIE_DERIVED | 100, 5), 0);
    assert_int_equal(round_of(ledger, 2000, SOCK_COOKIE_DERIVED | 100, 8), 3);
    assert_int_equal(round_of(ledger, 3000, SOCK_COOKIE_DERIVED | 100, 8), 0);
    assert_false(ledger_is_exact(ledger));
}

/* Under the one source: an old TIME_WAIT and one of 500 ms ago. Under the other, also one of 200 ms ago. */
static void where_the_source_changes_the_time_of_entry_stands_in(void **state)
{
    (void)state;
    static const uint64_t kinds[] = {0, SOCK_COOKIE_DERIVED};
    for (size_t from = 0; from < 2; from++) {
        cleanup(ledger_freep) struct ledger *ledger = new_ledger(MEBIBYTE);
        (void)round_of(ledger, 1000, kinds[from] | 100, 1);
        begin(ledger, 2000);
        assert_int_equal(see(ledger, SOCK_TIME_WAIT, kinds[from] | 100, 49000), 0);
        assert_int_equal(see(ledger, SOCK_TIME_WAIT, kinds[from] | 101, LIFETIME_MS - 500), 1);
        ledger_end(ledger);
        uint64_t kind = kinds[1 - from];
        for (int64_t now_ms = 3000; now_ms < 6000; now_ms += 1000) {
            uint32_t passed_ms = (uint32_t)now_ms - 2000;
            begin(ledger, now_ms);
            assert_int_equal(see(ledger, SOCK_TIME_WAIT, kind | 700, 49000 - passed_ms), 0);
            assert_int_equal(see(ledger, SOCK_TIME_WAIT, kind | 701, LIFETIME_MS - 500 - passed_ms), 0);
            assert_int_equal(see(ledger, SOCK_TIME_WAIT, kind | (uint64_t)now_ms, LIFETIME_MS - 200), 1);
            ledger_end(ledger);
            assert_false(ledger_is_exact(ledger) && (now_ms < 4000 || kind != 0));
        }
        assert_int_equal(ledger_minisockets(ledger), 4);
        assert_true(ledger_is_exact(ledger) == (kind == 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_there_before_the_first_round_is_not_new),
        cmocka_unit_test(each_socket_is_new_once),
        cmocka_unit_test(a_fin_wait2_is_new_when_it_becomes_a_time_wait),
        cmocka_unit_test(a_timer_that_is_armed_anew_makes_nothing_new),
        cmocka_unit_test(what_one_dump_passes_over_is_not_new_when_it_is_back),
        cmocka_unit_test(what_one_dump_shows_twice_is_new_once),
        cmocka_unit_test(a_round_that_is_not_ended_never_was),
        cmocka_unit_test(the_age_is_right_from_the_first_socket_on),
        cmocka_unit_test(a_slow_walk_makes_no_lifetime_longer),
        cmocka_unit_test(a_longer_lifetime_is_learnt_from_time_waits),
        cmocka_unit_test(beyond_the_limit_the_time_of_entry_stands_in),
        cmocka_unit_test(it_is_exact_again_once_every_decision_rests_on_identity),
        cmocka_unit_test(what_is_known_by_derived_cookies_is_new_once_and_not_exact),
        cmocka_unit_test(where_the_source_changes_the_time_of_entry_stands_in),
        cmocka_unit_test(what_is_gone_takes_no_room),
        cmocka_unit_test(each_entry_is_counted_once_whatever_the_dumps_are_like),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
