/* ring - the frames that wait to be sent to one session, oldest first.
 * Threads:    one, the session's worker.
 * Owns:       one reference to each frame in it. ring_push takes its own reference on OK, none
 * otherwise. Invariant:  count <= limits.frames and bytes <= limits.bytes, but for frames pushed by
 * ring_push_last; nothing is allocated while at most RING_INLINE frames wait. Fails:      ERR_FULL
 * at a limit, ERR_NOMEM; the ring is then unchanged. */
#ifndef HUBBUB_CORE_RING_H
#define HUBBUB_CORE_RING_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame;

enum { RING_INLINE = 4 };

struct ring_limits {
    uint32_t frames;
    uint64_t bytes;
};

struct ring {
    struct frame **spilled; /* owned, NULL while the inline slots are enough */
    uint32_t capacity;      /* of spilled; a power of two */
    uint32_t head;
    uint32_t count;
    size_t bytes;
    struct frame *few[RING_INLINE];
};

/* A zeroed ring is an empty one. */

MUST_USE enum err ring_push(struct ring *r, struct frame *f, const struct ring_limits *limits);

/* Pushes past the limits: for the one error and the close frame that end a session. */
MUST_USE enum err ring_push_last(struct ring *r, struct frame *f);

/* The i-th oldest frame (i < count), borrowed until it is dropped. */
struct frame *ring_peek(const struct ring *r, uint32_t i);

/* Drops the n oldest frames; n <= count. */
void ring_drop(struct ring *r, uint32_t n);

/* Drops all and gives the memory back. */
void ring_clear(struct ring *r);

/* True if more than half of either limit is in use: the time to shed what can be made good later.
 */
bool ring_is_strained(const struct ring *r, const struct ring_limits *limits);

#endif
