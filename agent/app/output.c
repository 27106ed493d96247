#include "output.h"

#include <stdio.h>

#include "command.h"

#define OUTPUT_MAX ((size_t)256 << 20)

void output_init(struct output *output)
{
    const char *no_colour = getenv("NO_COLOR");
    buf_init(&output->buf, OUTPUT_MAX);
    output->style.colour = isatty(STDOUT_FILENO) == 1 && (no_colour == NULL || no_colour[0] == '\0');
}

void output_done(struct output *output)
{
    buf_done(&output->buf);
}

int output_write(struct output *output)
{
    cleanup(cleanup_free) char *text = NULL;
    size_t length = 0;
    int r = buf_steal(&output->buf, &text, &length);
    if (r == 0 && fwrite(text, 1, length, stdout) == length && fflush(stdout) == 0)
        return EXIT_FREE;
    (void)fprintf(stderr, "tidewait: the answer cannot be written: %s\n",
                  r < 0 ? strerror(-r) : "standard output is gone");
    return EXIT_UNDETERMINED;
}
