#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "cgroup.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct expectation {
    const char *text;
    const char *unit;
    const char *container;
};

static void check(const struct expectation *expectations, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char unit[OWNER_UNIT_MAX];
        char container[OWNER_CONTAINER_MAX];
        memset(unit, 'x', sizeof(unit));
        memset(container, 'x', sizeof(container));
        cgroup_unit(expectations[i].text, unit);
        cgroup_container(expectations[i].text, container);
        assert_string_equal(unit, expectations[i].unit);
        assert_string_equal(container, expectations[i].container);
    }
}

#define CHECK(...)                                                                                                     \
    check((const struct expectation[]){__VA_ARGS__},                                                                   \
          sizeof((const struct expectation[]){__VA_ARGS__}) / sizeof(struct expectation))

static void a_system_service_is_its_unit(void **state)
{
    (void)state;
    CHECK({"0::/system.slice/app.service\n", "app.service", ""},
          {"0::/system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1.service", ""},
          {"0::/system.slice/app.service/workers/1\n", "app.service", ""}, {"0::/init.scope\n", "init.scope", ""});
}

static void a_user_service_is_the_innermost_unit(void **state)
{
    (void)state;
    CHECK({"0::/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service\n", "foo.service", ""},
          {"0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope", ""});
}

static void the_unit_comes_from_the_hierarchy_of_systemd(void **state)
{
    (void)state;
    CHECK({"12:memory:/other.service\n1:name=systemd:/system.slice/app.service\n0::/\n", "app.service", ""},
          {"1:name=systemd:/\n0::/system.slice/app.service\n", "app.service", ""},
          {"12:memory:/other.service\n", "", ""}, {"1:name=systemdx:/other.service\n", "", ""});
}

static void a_container_is_its_whole_id(void **state)
{
    (void)state;
    CHECK({"0::/system.slice/docker-" ID ".scope\n", "", ID},
          {"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope\n", "", ID},
          {"0::/kubepods.slice/kubepods-pod1.slice/crio-" ID ".scope\n", "", ID},
          {"0::/machine.slice/libpod-" ID ".scope/container\n", "", ID}, {"0::/docker/" ID "\n", "", ID},
          {"11:memory:/docker/" ID "\n1:name=systemd:/docker/" ID "\n", "", ID},
          {"0::/kubepods/besteffort/pod0a1b2c3d-0000-1111-2222-333344445555/" ID "\n", "", ID});
}

/* What is meant for systemd, given to an engine that makes its cgroups itself. */
static void a_container_s_path_may_have_been_meant_for_systemd(void **state)
{
    (void)state;
    CHECK({"0::/system.slice/containerd.service/kubepods-burstable-pod0a1b2c3d.slice:cri-containerd:" ID "\n",
           "containerd.service", ID},
          {"0::/system.slice:docker:" ID "\n", "", ID}, {"0::/system.slice:docker:" ID "0\n", "", ""},
          {"0::/" ID ":\n", "", ""});
}

static void a_process_may_have_a_unit_and_a_container(void **state)
{
    (void)state;
    CHECK({"0::/system.slice/web.service/libpod-payload-" ID "\n", "web.service", ID},
          {"0::/system.slice/docker-" ID ".scope/system.slice/nginx.service\n", "nginx.service", ID});
}

static void what_only_looks_like_a_container_is_none(void **state)
{
    (void)state;
    CHECK({"0::/system.slice/docker.service\n", "docker.service", ""}, {"0::/docker/" ID "0\n", "", ""},
          {"0::/docker/0123456789abcdef\n", "", ""},
          {"0::/docker/X123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n", "", ""},
          {"0::/system.slice/docker-abc.scope\n", "docker-abc.scope", ""},
          {"0::/machine.slice/libpod-conmon-" ID ".scope\n", "libpod-conmon-" ID ".scope", ""});
}

static void a_path_may_hold_colons(void **state)
{
    (void)state;
    CHECK({"0::/a:b/app@[::1]:80.service\n", "app@[::1]:80.service", ""});
}

static void no_unit_and_no_container_are_empty(void **state)
{
    (void)state;
    CHECK({"", "", ""}, {"\n", "", ""}, {"0::/\n", "", ""}, {"0::\n", "", ""}, {"0:", "", ""}, {"0", "", ""},
          {"::", "", ""}, {":::::\n\n\n0::/../..\n", "", ""}, {"0::/user.slice\n", "", ""}, {"0::////\n", "", ""});
}

static void a_last_line_needs_no_newline(void **state)
{
    (void)state;
    CHECK({"0::/system.slice/app.service", "app.service", ""});
}

static void a_long_unit_is_cut(void **state)
{
    (void)state;
    char text[2 * OWNER_UNIT_MAX];
    char unit[OWNER_UNIT_MAX];
    memset(text, 'a', sizeof(text));
    memcpy(text, "0::/", strlen("0::/"));
    memcpy(text + sizeof(text) - sizeof(".service"), ".service", sizeof(".service"));
    cgroup_unit(text, unit);
    assert_int_equal(strlen(unit), OWNER_UNIT_MAX - 1);
    assert_int_equal(unit[OWNER_UNIT_MAX - 2], 'a');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_system_service_is_its_unit),
        cmocka_unit_test(a_user_service_is_the_innermost_unit),
        cmocka_unit_test(the_unit_comes_from_the_hierarchy_of_systemd),
        cmocka_unit_test(a_container_is_its_whole_id),
        cmocka_unit_test(a_container_s_path_may_have_been_meant_for_systemd),
        cmocka_unit_test(a_process_may_have_a_unit_and_a_container),
        cmocka_unit_test(what_only_looks_like_a_container_is_none),
        cmocka_unit_test(a_path_may_hold_colons),
        cmocka_unit_test(no_unit_and_no_container_are_empty),
        cmocka_unit_test(a_last_line_needs_no_newline),
        cmocka_unit_test(a_long_unit_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
