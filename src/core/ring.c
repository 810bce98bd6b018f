#include "core/ring.h"
#include "base/mem.h"
#include "core/frame.h"

static uint32_t capacity_of(const struct ring *r)
{
    return r->spilled != NULL ? r->capacity : RING_INLINE;
}

static struct frame **slot(struct ring *r, uint32_t i)
{
    uint32_t at = (r->head + i) & (capacity_of(r) - 1);

    return r->spilled != NULL ? &r->spilled[at] : &r->few[at];
}

static enum err grow(struct ring *r)
{
    uint32_t capacity = capacity_of(r) * 2;
    struct frame **wider = mem_try(capacity * sizeof *wider);

    if (wider == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < r->count; i++)
        wider[i] = *slot(r, i);
    mem_free(r->spilled);
    r->spilled = wider;
    r->capacity = capacity;
    r->head = 0;
    return OK;
}

enum err ring_push_last(struct ring *r, struct frame *f)
{
    if (r->count == capacity_of(r)) {
        enum err e = grow(r);

        if (e != OK)
            return e;
    }
    *slot(r, r->count) = frame_ref(f);
    r->count++;
    r->bytes += f->length;
    return OK;
}

enum err ring_push(struct ring *r, struct frame *f, const struct ring_limits *limits)
{
    if (r->count >= limits->frames || r->bytes + f->length > limits->bytes)
        return ERR_FULL;
    return ring_push_last(r, f);
}

struct frame *ring_peek(const struct ring *r, uint32_t i)
{
    uint32_t at = (r->head + i) & (capacity_of(r) - 1);

    return r->spilled != NULL ? r->spilled[at] : r->few[at];
}

void ring_drop(struct ring *r, uint32_t n)
{
    for (; n > 0; n--) {
        struct frame **oldest = slot(r, 0);

        r->bytes -= (*oldest)->length;
        frame_unref(oldest);
        r->head = (r->head + 1) & (capacity_of(r) - 1);
        r->count--;
    }
    if (r->count == 0 && r->spilled != NULL) {
        mem_free(r->spilled);
        r->spilled = NULL;
        r->capacity = 0;
        r->head = 0;
    }
}

void ring_clear(struct ring *r)
{
    ring_drop(r, r->count);
}

bool ring_is_strained(const struct ring *r, const struct ring_limits *limits)
{
    return r->count > limits->frames / 2 || r->bytes > limits->bytes / 2;
}
