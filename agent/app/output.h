/* What a command prints on standard output, written in one piece. */
#pragma once

#include "base/buf.h"
#include "render/text.h"

struct output {
    struct buf buf;
    struct text_style style; /* colour only on a terminal, and never with NO_COLOR */
};

void output_init(struct output *output);
void output_done(struct output *output);
/* Returns EXIT_FREE, or EXIT_UNDETERMINED with a line on stderr when it could not be made or written. */
must_use int output_write(struct output *output);
