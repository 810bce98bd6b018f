/* segment - finished frames one behind the other, shared by all sessions that are to get them.
 * Threads:    one: a segment is filled, shared and freed by the worker that sends it; its count is
 *             plain.
 * Owns:       its bytes. segment_create returns one reference; segment_unref gives it back.
 * Invariant:  bytes are only ever appended, so a range keeps its meaning; but they may move while
 *             the segment grows, so a range is kept as an offset.
 * Fails:      NULL or false when memory is short; the segment is then unchanged. */
#ifndef HUBBUB_CORE_SEGMENT_H
#define HUBBUB_CORE_SEGMENT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct segment {
    uint32_t refs;
    uint32_t length, capacity; /* of bytes */
    uint8_t *bytes;            /* owned */
};

/* Some frames in a row within a segment. */
struct range {
    struct segment *segment;
    uint32_t offset, length; /* bytes */
    uint32_t frames; /* 0: one that is large, and not held against the limits of ring_push */
    bool is_answer;  /* large, and was asked for */
};

struct segment *segment_create(size_t capacity);

/* The place for length more bytes, which count as written; NULL when memory is short. */
MUST_USE uint8_t *segment_extend(struct segment *s, size_t length);

/* Nothing more will be written: gives back the room for it. */
void segment_trim(struct segment *s);

static inline struct segment *segment_ref(struct segment *s)
{
    s->refs++;
    return s;
}

/* Drops one reference and sets *s to NULL; NULL is allowed. */
void segment_unref(struct segment **s);

#endif
