/* The files that the status page loads: embedded, compressed at build. */
#pragma once

#include <stdbool.h>

#include "serve/board.h"

struct asset {
    const char *content_type;
    const char *bytes; /* constants */
    size_t length;
    enum board_coding coding;
    char tag[BOARD_TAG_MAX]; /* as ETag has it: of its content and coding */
};

/* Finds "app.js". Returns false when there is none of that name. */
bool assets_find(const char *name, enum board_coding coding, struct asset *ret_asset);
