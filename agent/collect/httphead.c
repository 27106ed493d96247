#include "httphead.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/parse.h"

/* The longest number of a body_max. */
#define NUMBER_MAX 20

/* One line without its end. */
struct line {
    const char *bytes;
    size_t length;
};

/* Takes a line from *cursor; there must be one. */
static struct line take_line(const char **cursor)
{
    struct line line = {.bytes = *cursor, .length = strcspn(*cursor, "\r")};
    *cursor += line.length + strlen("\r\n");
    return line;
}

static int read_number(const char *digits, size_t length, uint64_t max, uint64_t *ret_number)
{
    char text[NUMBER_MAX + 1];
    if (length > NUMBER_MAX)
        return -EPROTO;
    (void)snprintf(text, sizeof(text), "%.*s", (int)length, digits);
    return parse_uint(text, max, ret_number) < 0 ? -EPROTO : 0;
}

/* "HTTP/1.1 200 OK" */
static int read_status(const struct line *line, unsigned *ret_status)
{
    size_t version = strlen("HTTP/1.x ");
    uint64_t status;
    if (line->length < version + 3 || strncmp(line->bytes, "HTTP/1.", version - 2) != 0 ||
        strspn(line->bytes + version - 2, "01") != 1 || line->bytes[version - 1] != ' ' ||
        (line->length > version + 3 && line->bytes[version + 3] != ' '))
        return -EPROTO;
    int r = read_number(line->bytes + version, 3, 599, &status);
    if (r < 0)
        return r;
    *ret_status = (unsigned)status;
    return 0;
}

static bool is_named(const struct line *line, const char *name)
{
    size_t length = strlen(name);
    return line->length > length && strncasecmp(line->bytes, name, length) == 0 && line->bytes[length] == ':';
}

static int read_length(const struct line *line, size_t body_max, size_t *ret_length)
{
    size_t name = strlen("Content-Length:");
    const char *value = line->bytes + name + strspn(line->bytes + name, " \t");
    uint64_t length;
    int r = read_number(value, line->length - (size_t)(value - line->bytes), body_max, &length);
    if (r < 0)
        return r;
    *ret_length = length;
    return 0;
}

/* head: a copy that ends with the empty line, without NUL bytes. */
static int read_lines(const char *head, size_t body_max, struct httphead *ret_head)
{
    struct line line = take_line(&head);
    int r = read_status(&line, &ret_head->status);
    bool length_known = false;
    for (line = take_line(&head); r == 0 && line.length > 0; line = take_line(&head)) {
        if (memchr(line.bytes, ':', line.length) == NULL || is_named(&line, "Transfer-Encoding") ||
            (is_named(&line, "Content-Length") && length_known))
            return -EPROTO;
        if (is_named(&line, "Content-Length")) {
            r = read_length(&line, body_max, &ret_head->body_length);
            length_known = true;
        }
    }
    return r == 0 && !length_known ? -EPROTO : r;
}

/* Every CR is followed by a LF, and every LF stands behind one. */
static bool has_whole_lines(const char *head)
{
    for (const char *end = strpbrk(head, "\r\n"); end != NULL; end = strpbrk(end + 2, "\r\n"))
        if (end[0] != '\r' || end[1] != '\n')
            return false;
    return true;
}

int httphead_read(const char *bytes, size_t length, size_t body_max, struct httphead *ret_head)
{
    if (length == 0)
        return -EAGAIN;
    const char *end = memmem(bytes, length, "\r\n\r\n", 4);
    size_t head_length = end != NULL ? (size_t)(end - bytes) + 4 : length;
    if (memchr(bytes, '\0', head_length) != NULL)
        return -EPROTO;
    if (end == NULL)
        return -EAGAIN;
    cleanup(cleanup_free) char *copy = strndup(bytes, head_length);
    if (copy == NULL)
        return -ENOMEM;
    if (!has_whole_lines(copy))
        return -EPROTO;
    struct httphead head = {.length = head_length};
    int r = read_lines(copy, body_max, &head);
    if (r == 0)
        *ret_head = head;
    return r;
}
