/* mailbox - a queue from many threads to one, with a wake-up for the sleeping owner.
 * Threads:    post and wake from any; take, done and destroy from the owner only. mailbox.lock covers
 *             the incoming array, which a post may have to double.
 * Owns:       its arrays. The items are handed over by a post and by a take.
 * Invariant:  items come out in the order in which their posts took the lock; waiting counts those
 *             that were posted and not yet dealt with.
 * Fails:      never by itself: a post is always taken, posters ask mailbox_is_full or _strained first. */
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

/* True if so many items wait that posters should do without; exact under the posters' own lock, but that
 * the owner may make room at any time. */
bool mailbox_is_full(const struct mailbox *m);

/* True if so many items wait that posters should slow down: an eighth of the limit. */
bool mailbox_is_strained(const struct mailbox *m);

/* True if the box was empty: the poster then owes the owner a mailbox_wake, once it holds no lock. */
MUST_USE bool mailbox_post(struct mailbox *m, void *item);
void mailbox_wake(struct mailbox *m);

/* Takes all that waits; *items stays valid until the next call. Returns how many. */
size_t mailbox_take(struct mailbox *m, void ***items);

/* n of the items that were taken have been dealt with. */
void mailbox_done(struct mailbox *m, size_t n);

#endif
