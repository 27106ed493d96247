/* A folder of a test's own, and files in it. Include after <cmocka.h>. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/cleanup.h"

#define SCRATCH_PATH_MAX 256

struct scratch {
    char folder[64];
    char path[SCRATCH_PATH_MAX]; /* of the file that was named last */
};

static inline struct scratch scratch_make(void)
{
    struct scratch scratch = {.folder = "/tmp/tidewait-test-XXXXXX"};
    assert_non_null(mkdtemp(scratch.folder));
    return scratch;
}

static inline int scratch_remove(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static inline void scratch_done(struct scratch *scratch)
{
    (void)nftw(scratch->folder, scratch_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Valid until the next one is named. */
static inline const char *scratch_path(struct scratch *scratch, const char *name)
{
    (void)snprintf(scratch->path, sizeof(scratch->path), "%s/%s", scratch->folder, name);
    return scratch->path;
}

static inline const char *scratch_write(struct scratch *scratch, const char *name, const char *bytes, size_t length)
{
    cleanup(cleanup_close) int fd =
        open(scratch_path(scratch, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    return scratch->path;
}

static inline const char *scratch_write_text(struct scratch *scratch, const char *name, const char *text)
{
    return scratch_write(scratch, name, text, strlen(text));
}
