#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "identity.h"

static void a_name_has_the_group_of_its_entry(void **state)
{
    (void)state;
    struct identity identity = {.uid = 1, .gid = 1};
    assert_int_equal(identity_of("root", &identity, NULL), 0);
    assert_int_equal(identity.uid, 0);
    assert_int_equal(identity.gid, 0);
}

static void a_number_needs_no_entry(void **state)
{
    (void)state;
    struct identity identity;
    assert_int_equal(identity_of("3999999999", &identity, NULL), 0);
    assert_int_equal(identity.uid, 3999999999);
    assert_int_equal(identity.gid, 3999999999);
}

static void refuses(const char *user)
{
    struct identity identity = {.uid = 77, .gid = 78};
    struct error error;
    char expected[128];
    (void)snprintf(expected, sizeof(expected), "the user \"%s\" is unknown: give one of this machine, or a number",
                   user);
    assert_int_equal(identity_of(user, &identity, &error), -EINVAL);
    assert_string_equal(error.text, expected);
    assert_int_equal(identity.uid, 77);
    assert_int_equal(identity.gid, 78);
}

static void whom_nobody_knows_is_refused(void **state)
{
    (void)state;
    refuses("tidewait-nobody-here");
    refuses("-1");
    refuses(" 0");
}

/* setresuid() would take it for "no change". */
static void the_number_that_means_no_change_is_refused(void **state)
{
    (void)state;
    refuses("4294967295");
    refuses("4294967296");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_the_group_of_its_entry),
        cmocka_unit_test(a_number_needs_no_entry),
        cmocka_unit_test(whom_nobody_knows_is_refused),
        cmocka_unit_test(the_number_that_means_no_change_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
