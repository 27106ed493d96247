#include "kernel_text.h"

#include <errno.h>
#include <string.h>

#include "procfs.h"

#define PORT_MAX 65535

static bool take_char(const char **cursor, char expected)
{
    if (**cursor != expected)
        return false;
    (*cursor)++;
    return true;
}

/* Nothing more, or one final newline. */
static bool at_end(const char *cursor)
{
    (void)take_char(&cursor, '\n');
    return *cursor == '\0';
}

int kernel_text_integer(const char *text, int64_t *ret_value)
{
    uint64_t value;
    int result = procfs_take_uint(&text, INT64_MAX, &value);
    if (result < 0)
        return result;
    if (!at_end(text))
        return -EINVAL;
    *ret_value = (int64_t)value;
    return 0;
}

int kernel_text_range(const char *text, int64_t *ret_low, int64_t *ret_high)
{
    uint64_t low;
    int result = procfs_take_uint(&text, PORT_MAX, &low);
    if (result < 0)
        return result;
    if (!take_char(&text, '\t'))
        return -EINVAL;
    uint64_t high;
    result = procfs_take_uint(&text, PORT_MAX, &high);
    if (result < 0)
        return result;
    if (!at_end(text) || low > high)
        return -EINVAL;
    *ret_low = (int64_t)low;
    *ret_high = (int64_t)high;
    return 0;
}

int kernel_text_ports(const char *text, struct port_set *ret_ports)
{
    struct port_set ports = {0};
    bool more = !at_end(text);
    while (more) {
        uint64_t first;
        int result = procfs_take_uint(&text, PORT_MAX, &first);
        if (result < 0)
            return result;
        uint64_t last = first;
        if (take_char(&text, '-'))
            result = procfs_take_uint(&text, PORT_MAX, &last);
        if (result < 0)
            return result;
        if (first > last)
            return -EINVAL;
        for (uint64_t port = first; port <= last; port++)
            port_set_add(&ports, (uint16_t)port);
        more = take_char(&text, ',');
    }
    if (!at_end(text))
        return -EINVAL;
    *ret_ports = ports;
    return 0;
}

int kernel_text_release(const char *text, int64_t *ret_major, int64_t *ret_minor)
{
    uint64_t major;
    int result = procfs_take_uint(&text, INT32_MAX, &major);
    if (result < 0)
        return result;
    if (!take_char(&text, '.'))
        return -EINVAL;
    uint64_t minor;
    result = procfs_take_uint(&text, INT32_MAX, &minor);
    if (result < 0)
        return result;
    *ret_major = (int64_t)major;
    *ret_minor = (int64_t)minor;
    return 0;
}

/* The line that begins with "GROUP: ", after that; NULL when there is none. */
static const char *find_group(const char *text, const char *group)
{
    size_t length = strlen(group);
    while (text) {
        if (strncmp(text, group, length) == 0 && text[length] == ':' && text[length + 1] == ' ')
            return text + length + 2;
        text = strchr(text, '\n');
        if (text)
            text++;
    }
    return NULL;
}

/* The next word of the line; NULL at its end. */
static const char *next_word(const char *word)
{
    const char *end = word + strcspn(word, " \n");
    return *end == ' ' ? end + 1 : NULL;
}

int kernel_text_counter(const char *text, const char *group, const char *name, int64_t *ret_value)
{
    const char *names = find_group(text, group);
    const char *values = names ? find_group(names, group) : NULL;
    if (!values)
        return -ENOENT;
    for (; names && values; names = next_word(names), values = next_word(values)) {
        if (strcspn(names, " \n") != strlen(name) || strncmp(names, name, strlen(name)) != 0)
            continue;
        uint64_t value;
        int result = procfs_take_uint(&values, INT64_MAX, &value);
        if (result < 0)
            return result;
        if (*values != ' ' && *values != '\n' && *values != '\0')
            return -EINVAL;
        *ret_value = (int64_t)value;
        return 0;
    }
    return -ENOENT;
}
