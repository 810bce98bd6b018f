/* mailbox - a bounded queue from many threads to one, with a wake-up for the sleeping owner.
 * Threads:    post from any; take and destroy from the owner only. mailbox.lock covers the
 *             incoming array and is held for a copy of one pointer or a swap of two arrays.
 * Owns:       its arrays. The items are the caller's: post hands one item over on OK, none
 *             otherwise.
 * Invariant:  items come out in the order in which their posts took the lock; wake is called once
 *             when the box turns from empty to non-empty, outside the lock.
 * Fails:      ERR_FULL when `limit` items wait. */
#ifndef HUBBUB_BASE_MAILBOX_H
#define HUBBUB_BASE_MAILBOX_H

#include "base/err.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct mailbox {
    pthread_mutex_t lock;
    void **incoming; /* owned [lock] */
    size_t count;    /* [lock] */
    size_t capacity; /* [lock] */
    void **taken;    /* owned, the owner's thread only */
    size_t taken_capacity;
    size_t limit;
    void (*wake)(void *); /* must be callable from any thread */
    void *wake_arg;       /* borrowed */
    _Atomic size_t waiting;
};

void mailbox_init(struct mailbox *m, size_t limit, void (*wake)(void *), void *wake_arg);

/* Drops what waits without looking at it: drain first. */
void mailbox_destroy(struct mailbox *m);

/* True if a post would be refused now. Exact for the only poster or under the posters' own lock;
 * the owner may make room at any time. */
bool mailbox_is_full(struct mailbox *m);

/* True if so many items wait that posters should slow down: an eighth of the limit. */
bool mailbox_is_strained(const struct mailbox *m);

MUST_USE enum err mailbox_post(struct mailbox *m, void *item);

/* Like mailbox_post, but past the limit: for what must not be lost and is bounded by other means.
 */
void mailbox_post_always(struct mailbox *m, void *item);

/* Takes all that waits; *items stays valid until the next call. Returns how many. */
size_t mailbox_take(struct mailbox *m, void ***items);

#endif
