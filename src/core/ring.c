#include "core/ring.h"
#include "base/mem.h"

enum { FIRST_CAPACITY = 4 };

static struct range *slot(struct ring *r, uint32_t i)
{
    return r->capacity == 0 ? &r->one : &r->many.ranges[(r->many.head + i) & (r->capacity - 1)];
}

static enum err grow(struct ring *r)
{
    uint32_t capacity = r->capacity != 0 ? r->capacity * 2 : FIRST_CAPACITY;
    struct range *wider = mem_try(capacity * sizeof *wider);

    if (wider == NULL)
        return ERR_NOMEM;
    for (uint32_t i = 0; i < r->count; i++)
        wider[i] = *slot(r, i);
    if (r->capacity != 0)
        mem_free(r->many.ranges);
    r->many.ranges = wider;
    r->many.head = 0;
    r->capacity = capacity;
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
        if (r->count == (r->capacity != 0 ? r->capacity : 1) && grow(r) != OK)
            return ERR_NOMEM;
        *slot(r, r->count++) = *range;
        segment_ref(range->segment);
    }
    r->frames += range->frames;
    r->bytes += range->length;
    r->large_bytes += range->frames == 0 ? range->length : 0;
    r->answers += range->is_answer;
    return OK;
}

enum err ring_push(struct ring *r, const struct range *range, const struct ring_limits *limits)
{
    if (r->count != 0 && (r->frames + range->frames > limits->frames ||
                          (uint64_t)r->bytes - r->large_bytes + range->length > limits->bytes))
        return ERR_FULL;
    return ring_push_last(r, range);
}

const struct range *ring_peek(const struct ring *r, uint32_t i)
{
    return r->capacity == 0 ? &r->one : &r->many.ranges[(r->many.head + i) & (r->capacity - 1)];
}

void ring_drop(struct ring *r, uint32_t n)
{
    for (; n > 0; n--) {
        struct range *oldest = slot(r, 0);

        r->bytes -= oldest->length;
        r->frames -= oldest->frames;
        r->large_bytes -= oldest->frames == 0 ? oldest->length : 0;
        r->answers -= oldest->is_answer;
        segment_unref(&oldest->segment);
        if (r->capacity != 0)
            r->many.head = (r->many.head + 1) & (r->capacity - 1);
        r->count--;
    }
    if (r->count == 0 && r->capacity != 0) {
        mem_free(r->many.ranges);
        r->capacity = 0;
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
