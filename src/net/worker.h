/* worker - one thread with its own loop, libwebsockets context and share of the sessions.
 * Threads:    worker_create, _destroy: the main thread, one worker after the other (libwebsockets
 *             sets up process-wide state). worker_adopt, _stop, _load: any. All else: the worker's
 *             own.
 * Owns:       its loop, context, shard, connections and mailboxes.
 * Invariant:  nobody else touches what a worker owns; others post to its mailboxes.
 * Fails:      worker_create returns NULL after logging why. */
#ifndef HUBBUB_NET_WORKER_H
#define HUBBUB_NET_WORKER_H

#include "base/list.h"
#include "base/mailbox.h"
#include "base/pool.h"
#include "core/shard.h"
#include "net/address.h"
#include "net/config.h"
#include "net/deadline.h"
#include "net/gather.h"
#include "net/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct conn;
struct gate;
struct hub;

struct worker {
    const struct net_config *config; /* borrowed */
    struct hub *hub;                 /* borrowed */
    struct gate *gate;               /* borrowed */
    struct mailbox *events;          /* borrowed storage; this worker takes and destroys */
    struct mailbox arrivals;         /* struct accepted: sockets to adopt */
    struct shard shard;

    struct loop loop;
    struct lws_vhost *vhost; /* owned by loop.context */
#if LWS_LIBRARY_VERSION_NUMBER >= 4003000
    lws_log_cx_t log; /* the library's own is shared by all contexts, and its count by no lock */
#endif
    pthread_t thread;

    void **arriving; /* borrowed from arrivals: what has not been adopted yet */
    size_t arriving_count, arriving_next;
    void **batch; /* borrowed from events: what a turn has not yet delivered */
    size_t batch_count, batch_next;
    struct list dirty;     /* connections whose ring is to be flushed */
    struct pool pool;      /* of connections */
    struct list conns;     /* all */
    struct list held_back; /* connections that are not read: see net/held.h */
    bool awaits_others;    /* some of them until the workers and the journal have caught up */
    struct list late; /* those that the last turn could not flush any more: the next one's first */
    struct conn
        *adopting; /* the connection inside the adoption call, until libwebsockets frees it */
    struct deadline_queue header, join, ping, pong, closing, farewell;
    uint8_t *scratch; /* owned: SCRATCH_SIZE bytes in which waiting frames are put together */
    const struct conn *reading; /* borrowed, only compared: who was read last in this turn */
    size_t read_bytes;          /* and how much came from there */
    bool expects_more;          /* a read was so large that more is waiting behind it */
    uint32_t postponed;         /* turns since something was last delivered because of that */
    uint32_t round_rooms;       /* in how many rooms this turn has delivered something */
    struct gather gather;
    bool kick; /* libwebsockets has a timer that was set outside of its callbacks */
    bool draining;
    uint64_t timer_due_ms; /* what the timer is set to; 0: it is not */
    uint64_t users_due_ms; /* when to call hub_tick; 0: not */

    _Atomic uint32_t load; /* connections, those on their way here included */
    atomic_bool stop_requested;
    uint64_t stop_patience_ms; /* these two are written before stop_requested */
    uint64_t stop_deadline_ms;
    void (*done)(void *); /* called from this thread when it has nothing left to do */
    void *done_arg;
};

enum { SCRATCH_SIZE = 64 * 1024 };

/* events: uninitialised storage that the hub posts to; done: called once, from the worker's thread.
 */
struct worker *worker_create(uint32_t index, const struct net_config *config, struct hub *hub,
                             struct gate *gate, struct mailbox *events, void (*done)(void *),
                             void *done_arg);
bool worker_start(struct worker *w);
void worker_join(struct worker *w);
void worker_destroy(struct worker *w);

/* Takes over fd, for which gate_enter said yes. */
void worker_adopt(struct worker *w, int fd, const struct address_key *key);

/* Closes every session with 1001 once its ring is drained, the rest at deadline_ms (clock_mono_ms).
 */
void worker_stop(struct worker *w, uint64_t deadline_ms);

uint32_t worker_load(const struct worker *w);

/* Takes note of what came from c, to see whether more is waiting. */
void worker_note_read(struct worker *w, const struct conn *c, size_t length);

/* For the callbacks: reads the clock once for all that follows. */
void worker_enter(struct worker *w);

#endif
