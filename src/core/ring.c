#include "core/ring.h"
#include "base/mem.h"

static uint32_t capacity_of(const struct ring *r)
{
    return r->spilled != NULL ? r->capacity : RING_INLINE;
}

static struct range *slot(struct ring *r, uint32_t i)
{
    uint32_t at = (r->head + i) & (capacity_of(r) - 1);

    return r->spilled != NULL ? &r->spilled[at] : &r->few[at];
}

static enum err grow(struct ring *r)
{
    uint32_t capacity = capacity_of(r) * 2;
    struct range *wider = mem_try(capacity * sizeof *wider);

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

/* True if range was made one with the newest range. */
static bool extend_newest(struct ring *r, const struct range *range)
{
    struct range *newest = r->count != 0 ? slot(r, r->count - 1) : NULL;

    if (newest == NULL || newest->segment != range->segment ||
        newest->offset + newest->length != range->offset)
        return false;
    newest->length += range->length;
    newest->frames += range->frames;
    return true;
}

enum err ring_push_last(struct ring *r, const struct range *range)
{
    if (!extend_newest(r, range)) {
        if (r->count == capacity_of(r) && grow(r) != OK)
            return ERR_NOMEM;
        *slot(r, r->count++) = *range;
        segment_ref(range->segment);
    }
    r->frames += range->frames;
    r->bytes += range->length;
    return OK;
}

enum err ring_push(struct ring *r, const struct range *range, const struct ring_limits *limits)
{
    if (r->count != 0 &&
        (r->frames + range->frames > limits->frames || r->bytes + range->length > limits->bytes))
        return ERR_FULL;
    return ring_push_last(r, range);
}

const struct range *ring_peek(const struct ring *r, uint32_t i)
{
    uint32_t at = (r->head + i) & (capacity_of(r) - 1);

    return r->spilled != NULL ? &r->spilled[at] : &r->few[at];
}

void ring_drop(struct ring *r, uint32_t n)
{
    for (; n > 0; n--) {
        struct range *oldest = slot(r, 0);

        r->bytes -= oldest->length;
        r->frames -= oldest->frames;
        segment_unref(&oldest->segment);
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

bool ring_is_filled(const struct ring *r, const struct ring_limits *limits, uint32_t parts)
{
    return r->frames > limits->frames / parts || r->bytes > limits->bytes / parts;
}
