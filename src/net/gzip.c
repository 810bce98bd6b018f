#include "net/gzip.h"
#include "base/mem.h"

#include <libdeflate.h>

enum {
    LENGTH_MIN = 256,      /* of less the headers eat what it would save */
    HARD_MAX = 256 * 1024, /* up to here as hard as can be: of 4 MiB that would take a second */
    LEVEL_HARD = 12,
    LEVEL = 9,
};

uint8_t *gzip_compress(const uint8_t *bytes, size_t length, size_t *compressed_length)
{
    size_t limit = length - length / 10;
    struct libdeflate_compressor *compressor;
    uint8_t *out;

    if (length < LENGTH_MIN)
        return NULL;
    compressor = libdeflate_alloc_compressor(length <= HARD_MAX ? LEVEL_HARD : LEVEL);
    if (compressor == NULL)
        return NULL;
    out = mem_alloc(limit);
    *compressed_length = libdeflate_gzip_compress(compressor, bytes, length, out, limit);
    libdeflate_free_compressor(compressor);
    if (*compressed_length != 0)
        return out;
    mem_free(out); /* it would not have become small enough */
    return NULL;
}
