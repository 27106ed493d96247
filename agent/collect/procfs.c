#include "procfs.h"

#include <errno.h>
#include <fcntl.h>

int procfs_read(int directory_fd, const char *path, char *buffer, size_t size)
{
    cleanup(cleanup_close) int fd = openat(directory_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return -errno;

    size_t length = 0;
    while (length < size) {
        ssize_t got = read(fd, buffer + length, size - length);
        if (got < 0)
            return -errno;
        if (got == 0) {
            buffer[length] = '\0';
            return 0;
        }
        length += (size_t)got;
    }
    return -EFBIG;
}

int procfs_take_uint(const char **cursor, uint64_t max, uint64_t *ret_value)
{
    const char *digit = *cursor;
    uint64_t value = 0;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        uint64_t units = (uint64_t)(*digit - '0');
        if (units > max || value > (max - units) / 10)
            return -ERANGE;
        value = value * 10 + units;
    }
    if (digit == *cursor)
        return -EINVAL;
    *cursor = digit;
    *ret_value = value;
    return 0;
}

/* proc_pid_stat(5): "PID (COMM) STATE PPID …"; starttime is field 22. */
#define FIELD_STATE 3
#define FIELD_STARTTIME 22

/* From the state on; NULL when it is no such text. */
static const char *after_comm(const char *stat_text)
{
    /* COMM may hold spaces and parentheses; nothing after it does. */
    const char *end = strrchr(stat_text, ')');
    return end != NULL && end[1] == ' ' ? end + 2 : NULL;
}

bool procfs_is_zombie(const char *stat_text)
{
    const char *state = after_comm(stat_text);
    return state != NULL && (*state == 'Z' || *state == 'X');
}

int procfs_start_ticks(const char *stat_text, uint64_t *ret_ticks)
{
    const char *cursor = after_comm(stat_text);
    if (!cursor)
        return -EINVAL;
    for (int field = FIELD_STATE; field < FIELD_STARTTIME; field++) {
        cursor = strchr(cursor, ' ');
        if (!cursor)
            return -EINVAL;
        cursor++;
    }
    return procfs_take_uint(&cursor, UINT64_MAX, ret_ticks);
}
