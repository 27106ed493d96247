/* What embed.cmake writes at build: the files of page/, and those of dygraphs. */
#pragma once

#include <stddef.h>

struct assets_row {
    const char *name;
    const char *content_type;
    const char *digest; /* of the plain bytes */
    const unsigned char *plain;
    size_t plain_length;
    const unsigned char *gzip;
    size_t gzip_length;
};

extern const struct assets_row assets_table[];
extern const size_t assets_table_count;
