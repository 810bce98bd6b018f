#include "net/gzip.h"
#include "base/mem.h"

#include <zlib.h>

enum {
    LENGTH_MIN = 1024, /* less fits into one packet as it is */
    GZIP_FORMAT = 16,  /* added to the window bits: RFC 1952, not zlib's own */
    MEMORY_LEVEL = 9,
};

uint8_t *gzip_compress(const uint8_t *bytes, size_t length, size_t *compressed_length)
{
    size_t limit = length - length / 10;
    z_stream z = {0};
    uint8_t *out;
    int result;

    if (length < LENGTH_MIN ||
        deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + GZIP_FORMAT, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return NULL;
    out = mem_alloc(limit);
    z.next_in = (z_const Bytef *)(uintptr_t)bytes;
    z.avail_in = (uInt)length;
    z.next_out = out;
    z.avail_out = (uInt)limit;
    result = deflate(&z, Z_FINISH);
    *compressed_length = z.total_out;
    deflateEnd(&z);
    if (result == Z_STREAM_END)
        return out;
    mem_free(out); /* it would not have become small enough */
    return NULL;
}
