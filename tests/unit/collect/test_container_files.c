#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "collect/container_files.h"
#include "scratch.h"

#define ID "4f5b2a1c9d3e8f7061524334251607f8e9dacbbcad9e8f70615243342516a7b8"
#define LIMIT 64

/* With the folders that it is in. */
static void write_file(struct scratch *root, const char *name, const char *text)
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

/* Of the first file that can be read; its text is in buf. */
static int read_first(const struct scratch *root, const char *id, struct buf *buf)
{
    int r = -ENOENT;
    for (size_t i = 0; r == -ENOENT && i < CONTAINER_FILES; i++)
        r = container_files_read(root->folder, id, i, buf);
    return r;
}

static void each_engine_keeps_it_at_its_place(void **state)
{
    (void)state;
    static const char *const names[] = {
        "var/lib/docker/containers/" ID "/config.v2.json",
        "run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
        "run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" ID "/config.json",
        "run/containers/storage/overlay-containers/" ID "/userdata/config.json",
        "var/lib/containers/storage/overlay-containers/" ID "/userdata/config.json",
        "var/lib/containers/storage/overlay-containers/containers.json",
        "var/lib/containers/storage/overlay-containers/volatile-containers.json",
    };
    assert_int_equal(sizeof(names) / sizeof(names[0]), CONTAINER_FILES);
    for (size_t i = 0; i < CONTAINER_FILES; i++) {
        cleanup(scratch_done) struct scratch root = scratch_make();
        cleanup(buf_done) struct buf buf;
        buf_init(&buf, LIMIT);
        assert_int_equal(read_first(&root, ID, &buf), -ENOENT);
        write_file(&root, names[i], "{\"here\":true}");
        assert_int_equal(container_files_read(root.folder, ID, i, &buf), 0);
        assert_string_equal(buf.data, "{\"here\":true}");
    }
}

static void what_is_no_id_becomes_no_path(void **state)
{
    (void)state;
    static const char *const ids[] = {"", "..", "../../../etc", "4F5B", (ID "0"), ("g" ID)};
    cleanup(scratch_done) struct scratch root = scratch_make();
    write_file(&root, "var/lib/docker/containers/config.v2.json", "{}");
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        cleanup(buf_done) struct buf buf;
        buf_init(&buf, LIMIT);
        assert_int_equal(container_files_read(root.folder, ids[i], 0, &buf), -EINVAL);
    }
}

static void a_file_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char text[LIMIT + 2];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    cleanup(scratch_done) struct scratch root = scratch_make();
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, LIMIT);
    write_file(&root, "var/lib/docker/containers/" ID "/config.v2.json", text);
    assert_int_equal(container_files_read(root.folder, ID, 0, &buf), -EFBIG);
}

static void nobody_waits_for_what_is_no_plain_file(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch root = scratch_make();
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, LIMIT);
    write_file(&root, "var/lib/docker/containers/" ID "/other", "");
    assert_int_equal(mkfifo(scratch_path(&root, "var/lib/docker/containers/" ID "/config.v2.json"), S_IRUSR | S_IWUSR),
                     0);
    assert_int_equal(container_files_read(root.folder, ID, 0, &buf), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_engine_keeps_it_at_its_place),
        cmocka_unit_test(what_is_no_id_becomes_no_path),
        cmocka_unit_test(a_file_that_is_too_long_is_refused),
        cmocka_unit_test(nobody_waits_for_what_is_no_plain_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
