#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <errno.h>

#include "config/file.h"
#include "scratch.h"

static void assert_refused(const char *path, int code, const char *reason)
{
    char *bytes = NULL;
    size_t length = 77;
    struct error error = {""};
    assert_int_equal(file_read(path, FILE_GUARDED, &bytes, &length, &error), code);
    assert_string_equal(error.text, reason);
    assert_null(bytes);
    assert_int_equal(length, 77);
}

static void assert_read(const char *path, enum file_trust trust, const char *text)
{
    cleanup(cleanup_free) char *bytes = NULL;
    size_t length;
    assert_int_equal(file_read(path, trust, &bytes, &length, NULL), 0);
    assert_int_equal(length, strlen(text));
    assert_string_equal(bytes, text);
}

static void a_file_is_read_whole(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    assert_read(scratch_write_text(&scratch, "a", "interval: 5s\n"), FILE_GUARDED, "interval: 5s\n");
    assert_read(scratch_write_text(&scratch, "empty", ""), FILE_GUARDED, "");
    cleanup(cleanup_free) char *bytes = NULL;
    size_t length;
    const char *path = scratch_write(&scratch, "zero", "a\0b", 3);
    assert_int_equal(file_read(path, FILE_GUARDED, &bytes, &length, NULL), 0);
    assert_int_equal(length, 3);
    assert_memory_equal(bytes, "a\0b\0", 4);
}

static void a_file_may_be_as_large_as_the_limit_and_no_larger(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    const char *path = scratch_write_text(&scratch, "large", "");
    assert_int_equal(truncate(path, (off_t)FILE_SIZE_MAX), 0);
    cleanup(cleanup_free) char *bytes = NULL;
    size_t length;
    assert_int_equal(file_read(path, FILE_GUARDED, &bytes, &length, NULL), 0);
    assert_int_equal(length, FILE_SIZE_MAX);
    assert_int_equal(truncate(path, (off_t)FILE_SIZE_MAX + 1), 0);
    assert_refused(path, -EFBIG, "is larger than 1024 KiB: give a smaller file");
    assert_int_equal(truncate(path, (off_t)1 << 30), 0);
    assert_refused(path, -EFBIG, "is larger than 1024 KiB: give a smaller file");
}

static void what_is_no_regular_file_is_refused_at_once(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    assert_refused(scratch.folder, -EISDIR, "is a directory: give a file");
    assert_refused("/dev/null", -EINVAL, "is not a regular file: give one");
    assert_refused(scratch_path(&scratch, "missing"), -ENOENT, "cannot be read: No such file or directory");
    assert_int_equal(mkfifo(scratch_path(&scratch, "fifo"), S_IRUSR | S_IWUSR), 0);
    assert_refused(scratch.path, -EINVAL, "is not a regular file: give one");
}

static void a_link_is_followed_to_the_file_that_is_judged(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    (void)scratch_write_text(&scratch, "a", "text");
    assert_int_equal(symlink("a", scratch_path(&scratch, "link")), 0);
    assert_read(scratch.path, FILE_GUARDED, "text");
    assert_int_equal(symlink("loop", scratch_path(&scratch, "loop")), 0);
    assert_refused(scratch.path, -ELOOP, "cannot be read: Too many levels of symbolic links");
}

static void root_refuses_what_others_can_write(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        (void)puts("SKIPPED: only root can give files away");
        skip();
    }
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    const char *path = scratch_write_text(&scratch, "a", "text");
    const mode_t wrong[] = {0666, 0620, 0602};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(chmod(path, wrong[i]), 0);
        assert_refused(path, -EPERM, "can be written by others than root, who reads it: chmod go-w");
        assert_read(path, FILE_ANYBODY, "text");
    }
    assert_int_equal(chmod(path, 0644), 0);
    assert_read(path, FILE_GUARDED, "text");
    assert_int_equal(chown(path, 65534, 0), 0);
    assert_refused(path, -EPERM, "belongs to user 65534, and root reads it: chown root");
    assert_read(path, FILE_ANYBODY, "text");
}

static bool is_changed(const char *path, const struct file_stamp *before)
{
    struct file_stamp now = file_stamp(path);
    return !file_stamp_equal(&now, before);
}

static void a_stamp_tells_whether_a_file_is_what_it_was(void **state)
{
    (void)state;
    cleanup(scratch_done) struct scratch scratch = scratch_make();
    (void)scratch_write_text(&scratch, "b", "1");
    (void)scratch_write_text(&scratch, "a", "1");
    char path[SCRATCH_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s", scratch_path(&scratch, "a"));
    struct file_stamp stamp = file_stamp(path);
    assert_false(is_changed(path, &stamp));
    (void)scratch_write_text(&scratch, "a", "22");
    assert_true(is_changed(path, &stamp));
    stamp = file_stamp(path);
    assert_int_equal(rename(scratch_path(&scratch, "b"), path), 0);
    assert_true(is_changed(path, &stamp));
    stamp = file_stamp(path);
    assert_int_equal(unlink(path), 0);
    assert_true(is_changed(path, &stamp));
    stamp = file_stamp(path);
    assert_false(is_changed(path, &stamp));
}

static void a_file_beside_another_is_relative_to_its_folder(void **state)
{
    (void)state;
    const char *const cases[][3] = {
        {"/etc/tidewait/web.yml", "tls.crt", "/etc/tidewait/tls.crt"},
        {"/web.yml", "tls.crt", "/tls.crt"},
        {"web.yml", "tls.crt", "tls.crt"},
        {"a/web.yml", "../tls.crt", "a/../tls.crt"},
        {"/etc/tidewait/web.yml", "/run/tls.crt", "/run/tls.crt"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cleanup(cleanup_free) char *path = file_beside(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole),
        cmocka_unit_test(a_file_may_be_as_large_as_the_limit_and_no_larger),
        cmocka_unit_test(what_is_no_regular_file_is_refused_at_once),
        cmocka_unit_test(a_link_is_followed_to_the_file_that_is_judged),
        cmocka_unit_test(root_refuses_what_others_can_write),
        cmocka_unit_test(a_stamp_tells_whether_a_file_is_what_it_was),
        cmocka_unit_test(a_file_beside_another_is_relative_to_its_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
