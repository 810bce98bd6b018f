/* deadline - queues of things that are due a fixed time after they were put in: O(1) to add, to
 * remove and to find the first, whatever their number.
 * Threads:    one, its worker's.
 * Owns:       nothing; the entries are inside their owners.
 * Invariant:  a queue's entries are in order of due time, because all wait equally long and time
 *             does not go back.
 * Fails:      never. */
#ifndef HUBBUB_NET_DEADLINE_H
#define HUBBUB_NET_DEADLINE_H

#include "base/list.h"

#include <stdint.h>

struct deadline_queue {
    struct list entries;
    uint64_t wait_ms; /* 0: this queue is switched off, what is put in never comes due */
};

struct deadline {
    struct list link;
    struct deadline_queue *queue; /* borrowed; NULL: in none */
    uint64_t due_ms;
};

static inline void deadline_queue_init(struct deadline_queue *q, uint64_t wait_ms)
{
    list_init(&q->entries);
    q->wait_ms = wait_ms;
}

static inline void deadline_init(struct deadline *d)
{
    list_init(&d->link);
    d->queue = NULL;
}

static inline void deadline_cancel(struct deadline *d)
{
    list_remove(&d->link);
    d->queue = NULL;
}

/* Takes d out of the queue it is in, if any, and starts its wait in q. */
static inline void deadline_start(struct deadline *d, struct deadline_queue *q, uint64_t now_ms)
{
    list_remove(&d->link);
    d->queue = q;
    d->due_ms = now_ms + q->wait_ms;
    if (q->wait_ms != 0)
        list_append(&q->entries, &d->link);
}

/* The first entry, or NULL. */
static inline struct deadline *deadline_first(const struct deadline_queue *q)
{
    return list_empty(&q->entries) ? NULL : LIST_ENTRY(q->entries.next, struct deadline, link);
}

#endif
