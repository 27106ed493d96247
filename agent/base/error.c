#include "base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Takes back the UTF-8 sequence that the cut at the end of the text left unfinished. */
static void drop_unfinished(char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (length - (start - 1) < wanted)
        text[start - 1] = '\0';
}

/* Formatted text may come from anywhere: it neither breaks the line nor reaches a terminal as a command. */
static void write_text(struct error *error, char text[static ERROR_TEXT_MAX], int wanted)
{
    if (wanted >= ERROR_TEXT_MAX)
        drop_unfinished(text, ERROR_TEXT_MAX - 1);
    for (char *byte = text; *byte != '\0'; byte++)
        if ((unsigned char)*byte < 0x20 || *byte == 0x7f)
            *byte = '?';
    memcpy(error->text, text, strlen(text) + 1);
}

int error_set(struct error *error, int code, const char *format, ...)
{
    if (error == NULL)
        return code;
    char text[ERROR_TEXT_MAX] = ""; /* apart, because the old reason may be an argument of the new one */
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    write_text(error, text, wanted);
    return code;
}

void error_prefix(struct error *error, const char *format, ...)
{
    if (error == NULL)
        return;
    char prefix[ERROR_TEXT_MAX] = "";
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(prefix, sizeof(prefix), format, arguments);
    va_end(arguments);

    char text[ERROR_TEXT_MAX];
    int wanted = snprintf(text, sizeof(text), "%s: %s", prefix, error->text);
    write_text(error, text, wanted);
}
