/* memory_room - the newest events of one room, in a ring that is indexed by seq.
 * Threads:    under the journal's lock.
 * Owns:       a reference to each event it keeps and what became of each message.
 * Invariant:  the events with a seq from oldest to seq are kept, no others; no seq and no number is
 *             ever used twice in a log.
 * Fails:      memory_room_take says in the event why it was not kept. A ring that cannot grow for want
 *             of memory keeps fewer events. */
#ifndef HUBBUB_JOURNAL_MEMORY_ROOM_H
#define HUBBUB_JOURNAL_MEMORY_ROOM_H

#include "base/list.h"
#include "core/event.h"
#include "core/table.h"
#include "journal/memory_message.h"

struct memory_slot {
    struct event *event;            /* owned */
    struct memory_message *message; /* owned; NULL: nothing was done to it */
    uint64_t older_cid; /* the next older seq whose cid is in the same bucket; 0: none */
    uint32_t cid_hash;
    uint32_t bytes; /* that the event takes, roughly */
};

struct memory_room {
    char *key; /* owned */
    uint64_t epoch, number;
    uint64_t seq, ts;          /* of the newest event, or where the log begins */
    uint64_t oldest;           /* seq + 1 while nothing is kept */
    struct memory_slot *slots; /* owned; that of a seq is at seq & (capacity - 1) */
    uint64_t *cids;            /* owned buckets: the newest seq of each; stale below oldest */
    uint32_t capacity;         /* a power of two, of both */
    uint32_t events_max;
    uint64_t bytes;   /* of all slots */
    struct list link; /* the owner's */
    UT_hash_handle hh;
};

/* Its first event will have a seq above seq and no ts below ts. */
struct memory_room *memory_room_make(const char *key, uint64_t epoch, uint64_t number, uint64_t seq,
                                     uint64_t ts, uint32_t events_max);
void memory_room_free(struct memory_room *room);

/* Judges the event. If it is to be kept: numbers it, takes over the caller's reference and returns true;
 * else says why in outcome or is_repeat. */
bool memory_room_take(struct memory_room *room, struct event *e, uint64_t now_wall_ms);

/* There is at least one event. */
void memory_room_drop_oldest(struct memory_room *room);

/* NULL if it is not kept. Valid until the next memory_room_take. */
struct memory_slot *memory_room_at(const struct memory_room *room, uint64_t seq);
/* The same, if it is a message. */
struct memory_slot *memory_room_message(const struct memory_room *room, uint64_t seq);

#endif
