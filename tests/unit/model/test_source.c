#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "model/source.h"

static void netlink_needs_no_reason(void **state)
{
    (void)state;
    const struct source source = {.kind = SOURCE_NETLINK};
    char reason[SOURCE_REASON_MAX];
    source_reason(&source, reason);
    assert_string_equal(reason, "");
    assert_string_equal(source_name(source.kind), "netlink");
}

static void proc_net_has_the_errno_of_netlink_for_a_reason(void **state)
{
    (void)state;
    static const struct {
        int refusal;
        const char *reason;
    } cases[] = {
        {EPROTONOSUPPORT, "netlink is refused (EPROTONOSUPPORT)"},
        {EACCES, "netlink is refused (EACCES)"},
        {4000, "netlink is refused (unknown)"},
    };
    assert_string_equal(source_name(SOURCE_PROCFS), "procfs");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct source source = {SOURCE_PROCFS, cases[i].refusal};
        char reason[SOURCE_REASON_MAX];
        source_reason(&source, reason);
        assert_string_equal(reason, cases[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(netlink_needs_no_reason),
        cmocka_unit_test(proc_net_has_the_errno_of_netlink_for_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
