#include "namespaces_mounts.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "procfs.h"

#define FIELD_ROOT 3
#define FIELD_PATH 4

static bool parse_root(const char *root, uint64_t *ret_inode)
{
    static const char prefix[] = "net:[";
    uint64_t inode;
    if (strncmp(root, prefix, strlen(prefix)) != 0)
        return false;
    root += strlen(prefix);
    if (procfs_take_uint(&root, UINT64_MAX, &inode) < 0 || strcmp(root, "]") != 0)
        return false;
    *ret_inode = inode;
    return true;
}

static bool is_octal(const char *digits, size_t count)
{
    return strspn(digits, "01234567") >= count;
}

/* The kernel writes space, tab, newline and backslash as \ooo. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; to++) {
        if (from[0] == '\\' && is_octal(from + 1, 3)) {
            *to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

bool namespaces_mounts_line(char *line, const char **ret_path, uint64_t *ret_inode)
{
    char *rest = line;
    char *fields[FIELD_PATH + 1];
    for (size_t i = 0; i <= FIELD_PATH; i++) {
        fields[i] = strsep(&rest, " ");
        if (fields[i] == NULL)
            return false;
    }
    if (rest == NULL || strstr(rest, " - nsfs ") == NULL || !parse_root(fields[FIELD_ROOT], ret_inode))
        return false;
    unescape(fields[FIELD_PATH]);
    *ret_path = fields[FIELD_PATH];
    return true;
}

static void cleanup_fclose(FILE **file)
{
    if (*file != NULL)
        (void)fclose(*file);
}

int namespaces_mounts_read(const char *proc, namespaces_mounts_visit *visit, void *context, struct error *error)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/self/mountinfo", proc);
    cleanup(cleanup_fclose) FILE *file = fopen(path, "re");
    if (file == NULL)
        return error_set(error, -errno, "cannot read %s: %s", path, strerror(errno));
    cleanup(cleanup_free) char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, file)) > 0) {
        const char *mounted;
        uint64_t inode;
        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        int r = namespaces_mounts_line(line, &mounted, &inode) ? visit(context, mounted, inode) : 0;
        if (r < 0)
            return error_set(error, r, "cannot take in the mounts of %s: %s", path, strerror(-r));
    }
    return ferror(file) ? error_set(error, -EIO, "cannot read %s", path) : 0;
}
