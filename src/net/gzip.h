/* gzip - compresses a file once, when it is loaded.
 * Threads:    any; no state.
 * Owns:       nothing; the result belongs to the caller.
 * Invariant:  the result unpacks to the input, and is worth it: at least a tenth smaller.
 * Fails:      NULL if it is not worth it, or libdeflate has no memory. */
#ifndef HUBBUB_NET_GZIP_H
#define HUBBUB_NET_GZIP_H

#include <stddef.h>
#include <stdint.h>

/* To be freed with mem_free. */
uint8_t *gzip_compress(const uint8_t *bytes, size_t length, size_t *compressed_length);

#endif
