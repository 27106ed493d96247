#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "container_names.h"
#include "scratch.h"

#define ID "4f5b2a1c9d3e8f7061524334251607f8e9dacbbcad9e8f70615243342516a7b8"

int64_t __wrap_clock_monotonic_ns(void);

int64_t __wrap_clock_monotonic_ns(void)
{
    return mock_type(int64_t);
}

static struct container_names *names_in(const struct scratch *root)
{
    struct container_names *names = NULL;
    assert_int_equal(container_names_new(root->folder, &names), 0);
    return names;
}

static void make_folders(struct scratch *root)
{
    static const char *const folders[] = {"var", "var/lib", "var/lib/docker", "var/lib/docker/containers"};
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        assert_int_equal(mkdir(scratch_path(root, folders[i]), S_IRWXU), 0);
}

static void call(struct scratch *root, const char *id, const char *name)
{
    char file[160];
    char text[64];
    (void)snprintf(file, sizeof(file), "var/lib/docker/containers/%s", id);
    (void)mkdir(scratch_path(root, file), S_IRWXU);
    (void)snprintf(file, sizeof(file), "var/lib/docker/containers/%s/config.v2.json", id);
    (void)snprintf(text, sizeof(text), "{\"Name\":\"/%s\"}", name);
    (void)scratch_write_text(root, file, text);
}

static void assert_name(struct container_names *names, const char *id, int64_t at_s, const char *wanted)
{
    char name[OWNER_CONTAINER_NAME_MAX];
    will_return(__wrap_clock_monotonic_ns, at_s * CLOCK_NS_PER_S);
    container_names_find(names, id, name);
    assert_string_equal(name, wanted);
}

/* With the folders that it is in. */
static void lay_out(struct scratch *root, const char *name, const char *text)
{
    char folder[160];
    (void)snprintf(folder, sizeof(folder), "%s", name);
    for (char *slash = strchr(folder, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(scratch_path(root, folder), S_IRWXU);
        *slash = '/';
    }
    (void)scratch_write_text(root, name, text);
}

#define STORAGE "lib/containers/storage/overlay-containers/"
#define LISTED(name) "[{\"id\":\"" ID "\",\"names\":[\"" name "\"],\"image\":\"0\",\"layer\":\"1\",\"created\":\"2\"}]"

/* What Docker, containerd, CRI-O and Podman leave on disk, cut down. */
static const struct {
    const char *file;
    const char *text;
    const char *list; /* of containers/storage; NULL: there is none */
    const char *name;
} layouts[] = {
    {"var/lib/docker/containers/" ID "/config.v2.json",
     "{\"State\":{\"Running\":true},\"ID\":\"" ID "\",\"Config\":{\"Labels\":{}},\"Name\":\"/shop-db-1\"}", NULL,
     "shop-db-1"},
    {"run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
     "{\"ociVersion\":\"1.1.0\",\"annotations\":{\"io.kubernetes.cri.container-name\":\"nginx\","
     "\"io.kubernetes.cri.container-type\":\"container\",\"io.kubernetes.cri.sandbox-id\":\"" ID "\","
     "\"io.kubernetes.cri.sandbox-name\":\"web-7c9f\",\"io.kubernetes.cri.sandbox-namespace\":\"default\"}}",
     NULL, "default/web-7c9f/nginx"},
    {"run/containers/storage/overlay-containers/" ID "/userdata/config.json",
     "{\"annotations\":{\"io.container.manager\":\"cri-o\",\"io.kubernetes.container.name\":\"nginx\","
     "\"io.kubernetes.cri-o.Name\":\"k8s_nginx_web-7c9f_default_0_0\",\"io.kubernetes.pod.name\":\"web-7c9f\","
     "\"io.kubernetes.pod.namespace\":\"default\"}}",
     LISTED("k8s_nginx_web-7c9f_default_0_0"), "default/web-7c9f/nginx"},
    {"var/" STORAGE ID "/userdata/config.json",
     "{\"annotations\":{\"io.container.manager\":\"libpod\",\"org.opencontainers.image.stopSignal\":\"15\"}}",
     LISTED("web"), "web"},
};

static void each_engine_s_own_files_tell_the_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        cleanup(scratch_done) struct scratch root = scratch_make();
        cleanup(container_names_freep) struct container_names *names = names_in(&root);
        lay_out(&root, layouts[i].file, layouts[i].text);
        if (layouts[i].list != NULL)
            lay_out(&root, "var/" STORAGE "containers.json", layouts[i].list);
        assert_name(names, ID, 1000, layouts[i].name);
    }
}

static void a_name_is_read_again_after_a_minute(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch root = scratch_make();
    cleanup(container_names_freep) struct container_names *names = names_in(&root);
    make_folders(&root);
    call(&root, ID, "web");
    assert_name(names, ID, 1000, "web");
    call(&root, ID, "www");
    assert_name(names, ID, 1059, "web");
    assert_name(names, ID, 1060, "www");
}

static void that_there_is_no_name_is_remembered_too(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch root = scratch_make();
    cleanup(container_names_freep) struct container_names *names = names_in(&root);
    assert_name(names, ID, 1000, "");
    make_folders(&root);
    call(&root, ID, "web");
    assert_name(names, ID, 1059, "");
    assert_name(names, ID, 1060, "web");
    assert_int_equal(unlink(scratch_path(&root, "var/lib/docker/containers/" ID "/config.v2.json")), 0);
    assert_name(names, ID, 1120, "");
}

static void the_one_that_was_read_longest_ago_makes_room(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch root = scratch_make();
    cleanup(container_names_freep) struct container_names *names = names_in(&root);
    make_folders(&root);
    call(&root, ID, "web");
    char id[OWNER_CONTAINER_MAX];
    for (int i = 0; i < CONTAINER_NAMES_MAX - 1; i++) {
        (void)snprintf(id, sizeof(id), "%064x", (unsigned int)i);
        assert_name(names, id, 1000 + i / 10, "");
    }
    assert_name(names, ID, 1030, "web");
    (void)snprintf(id, sizeof(id), "%064x", CONTAINER_NAMES_MAX);
    call(&root, id, "db");
    assert_name(names, id, 1030, "db");
    call(&root, ID, "www");
    assert_name(names, ID, 1031, "web");
    (void)snprintf(id, sizeof(id), "%064x", 0);
    call(&root, id, "first");
    assert_name(names, id, 1031, "first");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_engine_s_own_files_tell_the_name),
        cmocka_unit_test(a_name_is_read_again_after_a_minute),
        cmocka_unit_test(that_there_is_no_name_is_remembered_too),
        cmocka_unit_test(the_one_that_was_read_longest_ago_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
