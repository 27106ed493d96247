#include "compression.h"

#include <errno.h>
#include <limits.h>
#define ZLIB_CONST
#include <zlib.h>

/* 1.2 ms for the metrics of 200 ports, 6 % of which are left; level 6 leaves 5 %, and takes three times as long. */
#define LEVEL Z_BEST_SPEED
#define GZIP_WINDOW_BITS (16 + MAX_WBITS)
#define MEMORY_LEVEL 8
#define CHUNK_BYTES 4096

int compression_gzip(const char *bytes, size_t length, struct buf *buf)
{
    if (length > UINT_MAX)
        return -EFBIG;
    z_stream stream = {.next_in = (const Bytef *)bytes, .avail_in = (uInt)length};
    if (deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return -ENOMEM;
    int result = Z_OK;
    while (result == Z_OK && buf->failure == 0) {
        Bytef chunk[CHUNK_BYTES];
        stream.next_out = chunk;
        stream.avail_out = sizeof(chunk);
        result = deflate(&stream, Z_FINISH);
        buf_add(buf, chunk, sizeof(chunk) - stream.avail_out);
    }
    (void)deflateEnd(&stream);
    return buf->failure;
}
