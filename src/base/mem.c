#include "base/mem.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { LARGE = 128 * 1024 /* bytes */ };

void mem_init(void)
{
#ifdef __GLIBC__
    /* Else the threshold grows with the first of them that is freed, and a crowd's large answers stay for ever. */
    mallopt(M_MMAP_THRESHOLD, LARGE);
#endif
}

static void *insist(void *p, size_t size)
{
    if (p == NULL) {
        log_error("out_of_memory", "bytes=%zu action=exit", size);
        abort();
    }
    return p;
}

void *mem_alloc(size_t size)
{
    return insist(calloc(1, size), size);
}

void *mem_alloc_at_line(size_t size)
{
    void *p;

    if (posix_memalign(&p, MEM_CACHE_LINE, size) != 0)
        p = NULL;
    return memset(insist(p, size), 0, size);
}

void *mem_try(size_t size)
{
    return malloc(size);
}

void *mem_resize(void *p, size_t size)
{
    return realloc(p, size);
}

char *mem_strdup(const char *s)
{
    size_t size = strlen(s) + 1;

    return memcpy(mem_alloc(size), s, size);
}

void mem_free(void *p)
{
    free(p);
}
