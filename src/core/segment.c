#include "core/segment.h"
#include "base/mem.h"

struct segment *segment_create(size_t capacity)
{
    struct segment *s = mem_try(sizeof *s);

    if (s == NULL)
        return NULL;
    *s = (struct segment){.refs = 1, .capacity = (uint32_t)capacity, .bytes = mem_try(capacity)};
    if (s->bytes == NULL)
        segment_unref(&s);
    return s;
}

uint8_t *segment_extend(struct segment *s, size_t length)
{
    size_t needed = s->length + length;

    if (needed > s->capacity) {
        size_t capacity = needed > 2 * (size_t)s->capacity ? needed : 2 * (size_t)s->capacity;
        uint8_t *bytes = mem_resize(s->bytes, capacity);

        if (bytes == NULL)
            return NULL;
        s->bytes = bytes;
        s->capacity = (uint32_t)capacity;
    }
    s->length = (uint32_t)needed;
    return s->bytes + needed - length;
}

void segment_trim(struct segment *s)
{
    uint8_t *bytes = mem_resize(s->bytes, s->length);

    if (bytes == NULL)
        return;
    s->bytes = bytes;
    s->capacity = s->length;
}

void segment_unref(struct segment **s)
{
    struct segment *it = *s;

    *s = NULL;
    if (it == NULL || --it->refs != 0)
        return;
    mem_free(it->bytes);
    mem_free(it);
}
