#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "render/container_name.h"

#define ID "4f5b2a1c9d3e8f7061524334251607f8e9dacbbcad9e8f70615243342516a7b8"
#define OTHER "0000000000000000000000000000000000000000000000000000000000000000"

static void assert_name(const char *bytes, const char *wanted)
{
    char name[OWNER_CONTAINER_NAME_MAX];
    assert_int_equal(container_name_read(bytes, ID, name), 0);
    assert_string_equal(name, wanted);
}

static void assert_none(const char *bytes, int wanted)
{
    char name[OWNER_CONTAINER_NAME_MAX] = "as it was";
    assert_int_equal(container_name_read(bytes, ID, name), wanted);
    assert_string_equal(name, "as it was");
}

static void of_docker_it_is_what_docker_ps_shows(void **state)
{
    (void)state;
    assert_name("{\"ID\":\"" ID "\",\"Name\":\"/web\",\"Config\":{\"Hostname\":\"x\"}}", "web");
    assert_name("{\"Name\":\"shop_db-1.a\"}", "shop_db-1.a");
}

static void of_containerd_it_is_namespace_pod_and_container(void **state)
{
    (void)state;
    assert_name("{\"ociVersion\":\"1.1.0\",\"annotations\":{\"io.kubernetes.cri.container-name\":\"nginx\","
                "\"io.kubernetes.cri.container-type\":\"container\",\"io.kubernetes.cri.sandbox-name\":\"web-7c9f\","
                "\"io.kubernetes.cri.sandbox-namespace\":\"default\"}}",
                "default/web-7c9f/nginx");
    assert_name("{\"annotations\":{\"io.kubernetes.cri.sandbox-name\":\"web-7c9f\","
                "\"io.kubernetes.cri.sandbox-namespace\":\"default\"}}",
                "default/web-7c9f");
    assert_name("{\"annotations\":{\"io.kubernetes.cri.container-name\":\"nginx\"}}", "nginx");
}

static void of_cri_o_it_is_the_same(void **state)
{
    (void)state;
    assert_name("{\"annotations\":{\"io.container.manager\":\"cri-o\",\"io.kubernetes.container.name\":\"nginx\","
                "\"io.kubernetes.pod.name\":\"web-7c9f\",\"io.kubernetes.pod.namespace\":\"default\"}}",
                "default/web-7c9f/nginx");
}

static void of_podman_it_is_the_first_name_in_the_list(void **state)
{
    (void)state;
    assert_name("[{\"id\":\"" OTHER "\",\"names\":[\"db\"]},{\"id\":\"" ID "\",\"names\":[\"web\",\"www\"]}]", "web");
}

static void a_container_that_is_not_named_has_no_name(void **state)
{
    (void)state;
    static const char *const silent[] = {
        "{}",
        "[]",
        "null",
        "7",
        "{\"Name\":\"\"}",
        "{\"Name\":\"/\"}",
        "{\"Name\":7}",
        "{\"annotations\":null}",
        "{\"annotations\":{\"io.container.manager\":\"libpod\"}}",
        "[7,null,{}]",
        "[{\"id\":\"" OTHER "\",\"names\":[\"db\"]}]",
        "[{\"id\":\"" ID "\"}]",
        "[{\"id\":\"" ID "\",\"names\":[]}]",
        "[{\"id\":\"" ID "\",\"names\":{\"a\":7}}]",
    };
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
        assert_none(silent[i], -ENOENT);
}

static void a_name_that_no_engine_allows_is_none(void **state)
{
    (void)state;
    assert_none("{\"Name\":\"/web\\u001b[2J\"}", -ENOENT);
    assert_none("{\"Name\":\"/web server\"}", -ENOENT);
    assert_none("{\"Name\":\"//web\"}", -ENOENT);
    char bytes[OWNER_CONTAINER_NAME_MAX + 64];
    char name[OWNER_CONTAINER_NAME_MAX + 1];
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    (void)snprintf(bytes, sizeof(bytes), "{\"Name\":\"%s\"}", name);
    assert_none(bytes, -ENOENT);
    (void)snprintf(bytes, sizeof(bytes), "{\"Name\":\"%s\"}", name + 1);
    assert_name(bytes, name + 1);
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    assert_none("", -EINVAL);
    assert_none("{\"Name\":\"/web\"", -EINVAL);
    assert_none("{\"Name\":\"/web\"}x", -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_docker_it_is_what_docker_ps_shows),
        cmocka_unit_test(of_containerd_it_is_namespace_pod_and_container),
        cmocka_unit_test(of_cri_o_it_is_the_same),
        cmocka_unit_test(of_podman_it_is_the_first_name_in_the_list),
        cmocka_unit_test(a_container_that_is_not_named_has_no_name),
        cmocka_unit_test(a_name_that_no_engine_allows_is_none),
        cmocka_unit_test(what_is_no_json_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
