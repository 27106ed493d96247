#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "model/entered.h"

static void entered_freep(struct entered **entered)
{
    entered_free(*entered);
}

static struct entered *new_counters(size_t max_ports)
{
    struct entered *entered = NULL;
    assert_int_equal(entered_new(max_ports, &entered), 0);
    return entered;
}

static void add(struct entered *entered, uint16_t port, bool ephemeral, int times)
{
    for (int i = 0; i < times; i++)
        entered_add(entered, port, ephemeral);
}

/* The total under a label; UINT64_MAX when there is no such counter. */
static uint64_t total(const struct entered *entered, uint32_t label)
{
    for (size_t i = 0; i < entered_count(entered); i++)
        if (entered_at(entered, i)->label == label)
            return entered_at(entered, i)->total;
    return UINT64_MAX;
}

static void a_port_without_a_counter_counts_in_the_sum_of_its_range(void **state)
{
    (void)state;
    cleanup(entered_freep) struct entered *entered = new_counters(4);
    entered_begin(entered);
    add(entered, 40000, true, 3);
    add(entered, 80, false, 5);
    add(entered, 65535, false, 1);
    entered_end(entered);
    assert_int_equal(entered_count(entered), 2);
    assert_int_equal(total(entered, ENTERED_EPHEMERAL), 3);
    assert_int_equal(total(entered, ENTERED_OTHER), 6);
    assert_null(entered_of(entered, 80));
}

static void a_port_with_a_counter_counts_there_whatever_its_range(void **state)
{
    (void)state;
    cleanup(entered_freep) struct entered *entered = new_counters(4);
    assert_true(entered_label(entered, 40000));
    assert_true(entered_label(entered, 65535));
    entered_begin(entered);
    add(entered, 40000, true, 3);
    add(entered, 65535, false, 2);
    entered_end(entered);
    assert_int_equal(total(entered, 40000), 3);
    assert_int_equal(entered_of(entered, 65535)->total, 2);
    assert_int_equal(total(entered, ENTERED_EPHEMERAL), 0);
    assert_int_equal(total(entered, ENTERED_OTHER), 0);
}

static void ports_come_in_the_order_of_their_labels_and_the_sums_behind_them(void **state)
{
    (void)state;
    cleanup(entered_freep) struct entered *entered = new_counters(4);
    assert_true(entered_label(entered, 8080));
    assert_true(entered_label(entered, 22));
    assert_true(entered_label(entered, 8080));
    static const uint32_t labels[] = {8080, 22, ENTERED_EPHEMERAL, ENTERED_OTHER};
    assert_int_equal(entered_count(entered), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(entered_at(entered, i)->label, labels[i]);
}

static void more_ports_than_there_is_room_for_count_in_the_sums(void **state)
{
    (void)state;
    cleanup(entered_freep) struct entered *entered = new_counters(2);
    assert_true(entered_label(entered, 80));
    assert_true(entered_label(entered, 81));
    assert_false(entered_label(entered, 82));
    assert_true(entered_label(entered, 80));
    entered_begin(entered);
    add(entered, 81, false, 1);
    add(entered, 82, false, 1);
    entered_end(entered);
    assert_int_equal(entered_count(entered), 4);
    assert_int_equal(total(entered, 81), 1);
    assert_int_equal(total(entered, ENTERED_OTHER), 1);
}

static void more_room_is_made_without_a_loss(void **state)
{
    (void)state;
    cleanup(entered_freep) struct entered *entered = new_counters(1);
    assert_true(entered_label(entered, 80));
    assert_false(entered_label(entered, 81));
    entered_begin(entered);
    add(entered, 80, false, 3);
    entered_end(entered);
    entered_allow(entered, 2);
    assert_true(entered_label(entered, 81));
    assert_int_equal(total(entered, 80), 3);
    assert_int_equal(total(entered, 81), 0);
    entered_allow(entered, 0);
    assert_int_equal(entered_ports(entered), 2);
    assert_false(entered_label(entered, 82));
}

static void a_counter_without_room_for_any_port_is_the_two_sums(void **state)
{
    (void)state;
    cleanup(entered_freep) struct entered *entered = new_counters(0);
    assert_false(entered_label(entered, 80));
    assert_int_equal(entered_count(entered), 2);
}

static void a_round_that_is_not_ended_changes_no_total(void **state)
{
    (void)state;
    cleanup(entered_freep) struct entered *entered = new_counters(4);
    assert_true(entered_label(entered, 80));
    entered_begin(entered);
    add(entered, 80, false, 7);
    entered_end(entered);
    entered_begin(entered);
    add(entered, 80, false, 100);
    add(entered, 40000, true, 100);
    entered_begin(entered);
    add(entered, 80, false, 1);
    assert_int_equal(total(entered, 80), 7);
    assert_int_equal(entered_of(entered, 80)->fresh, 1);
    entered_end(entered);
    assert_int_equal(total(entered, 80), 8);
    assert_int_equal(total(entered, ENTERED_EPHEMERAL), 0);
}

/* What was counted under the sum before stays there: each socket is counted under the label then in force. */
static void a_label_counts_from_when_it_is_given(void **state)
{
    (void)state;
    cleanup(entered_freep) struct entered *entered = new_counters(4);
    entered_begin(entered);
    add(entered, 80, false, 2);
    assert_true(entered_label(entered, 80));
    add(entered, 80, false, 3);
    entered_end(entered);
    assert_int_equal(total(entered, 80), 3);
    assert_int_equal(total(entered, ENTERED_OTHER), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_without_a_counter_counts_in_the_sum_of_its_range),
        cmocka_unit_test(a_port_with_a_counter_counts_there_whatever_its_range),
        cmocka_unit_test(ports_come_in_the_order_of_their_labels_and_the_sums_behind_them),
        cmocka_unit_test(more_ports_than_there_is_room_for_count_in_the_sums),
        cmocka_unit_test(more_room_is_made_without_a_loss),
        cmocka_unit_test(a_counter_without_room_for_any_port_is_the_two_sums),
        cmocka_unit_test(a_round_that_is_not_ended_changes_no_total),
        cmocka_unit_test(a_label_counts_from_when_it_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
