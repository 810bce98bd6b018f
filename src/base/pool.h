/* pool - memory for many things of one size: close together, each from the beginning of a cache line on.
 * Threads:    one at a time.
 * Owns:       all of its things' memory, until pool_destroy; what is given back waits for the next taker.
 * Invariant:  what was given back is taken again as late as can be; an AddressSanitizer build sees its use until then.
 * Fails:      as mem_alloc. */
#ifndef HUBBUB_BASE_POOL_H
#define HUBBUB_BASE_POOL_H

#include <stddef.h>

enum { POOL_THING_MAX = 4096 };

struct slab;
struct vacancy;

struct pool {
    size_t size;                  /* bytes of a thing, in whole cache lines */
    struct slab *slabs;           /* owned */
    struct vacancy *first, *last; /* in the slabs: what is free, longest first */
};

/* size: POOL_THING_MAX at most. */
void pool_init(struct pool *p, size_t size);

/* All that was taken is gone as well. */
void pool_destroy(struct pool *p);

/* Zeroed; never NULL. */
void *pool_take(struct pool *p) __attribute__((returns_nonnull));

/* thing: from pool_take of the same pool. */
void pool_give(struct pool *p, void *thing);

#endif
