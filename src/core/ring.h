/* ring - what waits to be sent to one session, oldest first: ranges of shared segments.
 * Threads:    one, the session's worker.
 * Owns:       one reference to the segment of each range in it. ring_push takes its own on OK,
 *             none otherwise.
 * Invariant:  frames <= limits.frames and bytes - large_bytes <= limits.bytes, but for what
 *             ring_push_last pushed; a range that follows the newest one in its segment has been made one with
 *             it; nothing is allocated while at most one range waits.
 * Fails:      ERR_FULL at a limit, ERR_NOMEM; the ring is then unchanged. */
#ifndef HUBBUB_CORE_RING_H
#define HUBBUB_CORE_RING_H

#include "base/err.h"
#include "core/segment.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring_limits {
    uint32_t frames;
    uint64_t bytes;
};

/* So much is delivered in one turn of the loop, so that nobody counts as slow who had no chance to read. */
static inline uint64_t ring_turn_bytes(const struct ring_limits *limits)
{
    return limits->bytes / 4;
}

/* Every connection has one, and most wait for nothing, so it is kept small. */
struct ring {
    uint32_t count;       /* ranges */
    uint32_t frames;      /* in all ranges */
    uint32_t bytes;       /* in all ranges */
    uint32_t large_bytes; /* of them, in the large ones */
    uint32_t answers;     /* ranges with is_answer */
    uint32_t
        capacity; /* of many.ranges, a power of two; 0: the range, if there is one, is in its place */
    union {
        struct range one;
        struct {
            struct range *ranges; /* owned */
            uint32_t head;
        } many;
    };
};

/* A zeroed ring is an empty one. */

/* The range's reference stays the caller's. */
MUST_USE enum err ring_push(struct ring *r, const struct range *range,
                            const struct ring_limits *limits);

/* Pushes past the limits: for what is large, and for the one error and the close frame that end a session. */
MUST_USE enum err ring_push_last(struct ring *r, const struct range *range);

/* The i-th oldest range (i < count), borrowed until the ring changes. */
const struct range *ring_peek(const struct ring *r, uint32_t i);

/* Drops the n oldest ranges; n <= count. */
void ring_drop(struct ring *r, uint32_t n);

/* Drops all and gives the memory back. */
void ring_clear(struct ring *r);

/* True if more than one part in so many of either limit is in use, what is large included: the time to
 * shed what can be done without. */
bool ring_is_filled(const struct ring *r, const struct ring_limits *limits, uint32_t parts);

#endif
