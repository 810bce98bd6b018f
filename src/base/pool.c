#include "base/pool.h"
#include "base/mem.h"

#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(HAS_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, size)   ((void)(p), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(p, size) ((void)(p), (void)(size))
#endif

enum { SLAB_SIZE = 16 * 1024, LINE = MEM_CACHE_LINE };

struct slab {
    struct slab *next;
};

struct vacancy {
    struct vacancy *next;
};

void pool_init(struct pool *p, size_t size)
{
    *p = (struct pool){.size = (size + LINE - 1) / LINE * LINE};
}

void pool_destroy(struct pool *p)
{
    while (p->slabs != NULL) {
        struct slab *slab = p->slabs;

        p->slabs = slab->next;
        ASAN_UNPOISON_MEMORY_REGION(slab, SLAB_SIZE);
        mem_free(slab);
    }
    p->first = p->last = NULL;
}

void pool_give(struct pool *p, void *thing)
{
    struct vacancy *v = thing;

    v->next = NULL;
    if (p->first == NULL) {
        p->first = v;
    } else {
        ASAN_UNPOISON_MEMORY_REGION(p->last, sizeof *p->last);
        p->last->next = v;
        ASAN_POISON_MEMORY_REGION(p->last, sizeof *p->last);
    }
    p->last = v;
    ASAN_POISON_MEMORY_REGION(v, p->size);
}

/* Whoever comes next gets what is next in memory. */
static void grow(struct pool *p)
{
    struct slab *slab = mem_alloc_at_line(SLAB_SIZE);

    slab->next = p->slabs;
    p->slabs = slab;
    for (size_t at = LINE; at + p->size <= SLAB_SIZE; at += p->size)
        pool_give(p, (char *)slab + at);
}

void *pool_take(struct pool *p)
{
    struct vacancy *v;

    if (p->first == NULL)
        grow(p);
    v = p->first;
    ASAN_UNPOISON_MEMORY_REGION(v, p->size);
    p->first = v->next;
    return memset(v, 0, p->size);
}
