/* tail - the newest durable events of a room, from which most of those who come back are served.
 * Threads:    its owner's lock.
 * Owns:       one reference to each event in it.
 * Invariant:  the seqs in it follow each other without a hole; at most TAIL_EVENTS of them and, but for
 *             the newest alone, TAIL_BYTES of bodies.
 * Fails:      what cannot be kept for want of memory empties it: it then reaches back less far. */
#ifndef HUBBUB_CORE_TAIL_H
#define HUBBUB_CORE_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event;

enum { TAIL_EVENTS = 2048, TAIL_BYTES = 256 * 1024 };

/* A zeroed one is empty. */
struct tail {
    struct event **events; /* owned, a ring */
    uint32_t capacity;     /* a power of two */
    uint32_t head;
    uint32_t count;
    size_t bytes;
};

/* What the journal is to keep of a room; 0: no limit. */
struct tail_limits {
    uint64_t max_age_ms;
    uint64_t max_events;
};

/* Takes its own reference. */
void tail_push(struct tail *t, struct event *e);

/* Forgets what tells the words of a message that is deleted now, and all that is older: the journal tells
 * it without them. */
void tail_forget(struct tail *t, uint64_t message_seq);

/* Forgets what is over the limits now: the journal says what is left of that. */
void tail_cut(struct tail *t, const struct tail_limits *limits, uint64_t now_wall_ms);

/* True if all events after seq up to newest are in it. */
bool tail_reaches(const struct tail *t, uint64_t seq, uint64_t newest);

/* The newest n events, oldest first, each with a reference of its own; n <= count. */
void tail_copy(const struct tail *t, struct event **out, size_t n);

void tail_clear(struct tail *t);

#endif
