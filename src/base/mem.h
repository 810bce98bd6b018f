/* mem - allocation.
 * Threads:    any.
 * Owns:       nothing; what mem_alloc returns is the caller's, to be given to mem_free.
 * Invariant:  mem_alloc is only for sizes that the program chose (a struct, a table row). Sizes
 *             that the network chose are capped by the caller and go through mem_try, which may
 *             say no.
 * Fails:      mem_alloc ends the process after a log line; mem_try and mem_resize return NULL. */
#ifndef HUBBUB_BASE_MEM_H
#define HUBBUB_BASE_MEM_H

#include <stddef.h>

enum { MEM_CACHE_LINE = 64 };

/* Before any thread: what is large goes back to the system when it is freed, where the C library can be told so. */
void mem_init(void);

/* size zeroed bytes; never NULL. */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/* The same, from the beginning of a cache line on. */
void *mem_alloc_at_line(size_t size) __attribute__((malloc, returns_nonnull));

/* size bytes, not zeroed, or NULL. */
void *mem_try(size_t size) __attribute__((malloc));

/* p (may be NULL) grown or shrunk to size bytes, or NULL with p unchanged. */
void *mem_resize(void *p, size_t size);

/* A copy of a string; never NULL. */
char *mem_strdup(const char *s) __attribute__((malloc, returns_nonnull));

/* p may be NULL. */
void mem_free(void *p);

#endif
