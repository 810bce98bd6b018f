/* bell - lets one thread sleep until another has something for it.
 * Threads:    ring: any; wait: the one that sleeps.
 * Owns:       nothing but itself.
 * Invariant:  a ring is never lost: if nobody waits, the next wait returns at once. Rings may merge.
 * Fails:      never. */
#ifndef HUBBUB_JOURNAL_BELL_H
#define HUBBUB_JOURNAL_BELL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool is_rung; /* [lock] */
};

enum { BELL_FOREVER = -1 };

void bell_init(struct bell *b);
void bell_destroy(struct bell *b);

/* In the form of a mailbox's wake; arg is the bell. */
void bell_ring(void *arg);

/* False if timeout_ms passed without a ring. */
bool bell_wait(struct bell *b, int64_t timeout_ms);

#endif
