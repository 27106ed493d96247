#include "base/parse.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Reads all digits at *cursor and moves it behind them, also when the number is above max (-ERANGE). */
static int scan_digits(const char **cursor, uint64_t max, uint64_t *ret_value)
{
    if (!is_digit(**cursor))
        return -EINVAL;
    bool fits = true;
    uint64_t value = 0;
    for (; is_digit(**cursor); (*cursor)++) {
        uint64_t digit = (uint64_t)(**cursor - '0');
        fits = fits && digit <= max && value <= (max - digit) / 10;
        if (fits)
            value = value * 10 + digit;
    }
    if (!fits)
        return -ERANGE;
    *ret_value = value;
    return 0;
}

int parse_uint(const char *text, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;
    int result = scan_digits(&text, max, &value);
    if (result == -EINVAL || *text != '\0')
        return -EINVAL;
    if (result == 0)
        *ret_value = value;
    return result;
}

struct unit {
    const char *name;
    int64_t ns;
};

#define MS INT64_C(1000000)
#define S (1000 * MS)
#define H (3600 * S)
static const struct unit units[] = {
    {"y", 365 * 24 * H}, {"w", 7 * 24 * H}, {"d", 24 * H}, {"h", H}, {"m", 60 * S}, {"s", S}, {"ms", MS},
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

/* The unit that the next letters name, no larger than units[first]; UNIT_COUNT when none. Moves behind it. */
static size_t scan_unit(const char **cursor, size_t first)
{
    size_t length = strspn(*cursor, "ywdhms");
    for (size_t i = first; i < UNIT_COUNT; i++)
        if (strlen(units[i].name) == length && memcmp(*cursor, units[i].name, length) == 0) {
            *cursor += length;
            return i;
        }
    return UNIT_COUNT;
}

int parse_duration(const char *text, int64_t *ret_ns)
{
    int64_t total = 0;
    bool fits = true;
    size_t unit = 0;
    const char *cursor = strcmp(text, "0") == 0 ? "0s" : text;
    do {
        uint64_t count = 0;
        int result = scan_digits(&cursor, INT64_MAX, &count);
        if (result == -EINVAL)
            return result;
        unit = scan_unit(&cursor, unit);
        if (unit == UNIT_COUNT)
            return -EINVAL;
        int64_t part;
        fits = fits && result == 0 && !__builtin_mul_overflow(units[unit].ns, (int64_t)count, &part) &&
               !__builtin_add_overflow(total, part, &total);
        unit++;
    } while (*cursor != '\0');
    if (!fits)
        return -ERANGE;
    *ret_ns = total;
    return 0;
}

int parse_percent(const char *text, double *ret_share)
{
    double number = 0;
    double divisor = 100;
    if (!is_digit(*text))
        return -EINVAL;
    for (; is_digit(*text); text++)
        number = number * 10 + (*text - '0');
    if (*text == '.') {
        text++;
        if (!is_digit(*text))
            return -EINVAL;
        for (; is_digit(*text); text++) {
            number = number * 10 + (*text - '0');
            divisor *= 10;
        }
    }
    if (strcmp(text, "%") != 0)
        return -EINVAL;
    double share = number / divisor;
    /* Written so that it refuses the NaN of infinitely many digits, too. */
    if (!(share > 0 && share <= 1))
        return -ERANGE;
    *ret_share = share;
    return 0;
}

int parse_bool(const char *text, bool *ret_value)
{
    bool value = strcmp(text, "true") == 0;
    if (!value && strcmp(text, "false") != 0)
        return -EINVAL;
    *ret_value = value;
    return 0;
}

/* As many digits as pattern has "0", between the same other bytes; moves *cursor behind them. */
static bool scan_pattern(const char **cursor, const char *pattern)
{
    for (; *pattern != '\0'; pattern++, (*cursor)++)
        if (*pattern == '0' ? !is_digit(**cursor) : **cursor != *pattern)
            return false;
    return true;
}

int parse_time(const char *text, int64_t *ret_ns)
{
    const char *cursor = text;
    if (!scan_pattern(&cursor, "0000-00-00T00:00:00"))
        return -EINVAL;
    int milliseconds = 0;
    if (*cursor == '.') {
        const char *digits = cursor + 1;
        if (!scan_pattern(&cursor, ".000"))
            return -EINVAL;
        milliseconds = (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + (digits[2] - '0');
    }
    if (strcmp(cursor, "Z") != 0)
        return -EINVAL;
    struct tm utc = {0};
    if (strptime(text, "%Y-%m-%dT%H:%M:%S", &utc) == NULL)
        return -ERANGE;
    int64_t ns;
    if (__builtin_mul_overflow(timegm(&utc), S, &ns) || __builtin_add_overflow(ns, milliseconds * MS, &ns))
        return -ERANGE;
    *ret_ns = ns;
    return 0;
}
