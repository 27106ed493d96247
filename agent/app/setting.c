#include "setting.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/parse.h"

int setting_bool(const char *value, bool *ret_value, struct error *error)
{
    if (parse_bool(value, ret_value) < 0)
        return error_set(error, -EINVAL, "\"%.40s\" is neither true nor false", value);
    return 0;
}

int setting_duration(const char *value, int64_t least_ns, int64_t most_ns, const char *form, int64_t *ret_ns,
                     struct error *error)
{
    int64_t ns;
    if (parse_duration(value, &ns) < 0)
        return error_set(error, -EINVAL, "\"%.40s\" is not a duration: give one as in 500ms, 5s or 1m", value);
    if (ns < least_ns || ns > most_ns)
        return error_set(error, -EINVAL, "\"%.40s\" is out of range: give %s", value, form);
    *ret_ns = ns;
    return 0;
}

int setting_count(const char *value, uint64_t most, const char *what, size_t *ret_count, struct error *error)
{
    uint64_t count;
    if (parse_uint(value, most, &count) < 0 || count == 0)
        return error_set(error, -EINVAL, "\"%.40s\" is not a number of %s: give 1 to %" PRIu64, value, what, most);
    *ret_count = count;
    return 0;
}

int setting_text(const char *value, char **text)
{
    char *copy = strdup(value);
    if (copy == NULL)
        return -ENOMEM;
    free(*text);
    *text = copy;
    return 0;
}

int setting_add_text(const char *value, char ***list, size_t *count)
{
    char **longer = reallocarray(*list, *count + 1, sizeof(char *));
    if (longer == NULL)
        return -ENOMEM;
    *list = longer;
    longer[*count] = strdup(value);
    if (longer[*count] == NULL)
        return -ENOMEM;
    (*count)++;
    return 0;
}

bool setting_same_text(const char *left, const char *right)
{
    if (left == NULL || right == NULL)
        return left == right;
    return strcmp(left, right) == 0;
}

bool setting_same_list(char *const *left, size_t left_count, char *const *right, size_t right_count)
{
    bool same = left_count == right_count;
    for (size_t i = 0; same && i < left_count; i++)
        same = strcmp(left[i], right[i]) == 0;
    return same;
}
