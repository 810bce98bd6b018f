/* memory_rooms - all rooms of the journal in memory.
 * Threads:    any; lock covers everything here and in the rooms.
 * Owns:       the rooms.
 * Invariant:  by_use has the room with the newest event first. A room that was dropped comes back with a new
 *             number and with seqs above those of all rooms that were ever dropped, so that whoever
 *             remembers a seq of the old one is not taken for somebody who has missed nothing.
 * Fails:      never. */
#ifndef HUBBUB_JOURNAL_MEMORY_ROOMS_H
#define HUBBUB_JOURNAL_MEMORY_ROOMS_H

#include "core/ports.h"
#include "journal/memory.h"
#include "journal/memory_room.h"

#include <pthread.h>

struct memory_rooms {
    pthread_mutex_t lock;
    struct memory_room *by_key; /* owned [lock] */
    struct list by_use;         /* [lock] */
    struct memory_limits limits;
    uint64_t epoch;
    uint64_t numbers;                 /* [lock] that were given out */
    uint64_t bytes;                   /* [lock] of all rooms */
    uint64_t aged_ms;                 /* [lock] the wall clock when ages were looked at last */
    uint64_t dropped_seq, dropped_ts; /* [lock] the highest of all rooms that were dropped */
};

void memory_rooms_init(struct memory_rooms *rooms, const struct memory_limits *limits,
                       uint64_t epoch);
void memory_rooms_destroy(struct memory_rooms *rooms);

/* Removes what is too old. Due before anything is added or told; does nothing most of the time. */
void memory_rooms_age_locked(struct memory_rooms *rooms, uint64_t now_wall_ms);

/* NULL: it has no events. */
struct memory_room *memory_rooms_find_locked(const struct memory_rooms *rooms, const char *key);
/* For an event that is about to come; the room that had none for the longest time may go. */
struct memory_room *memory_rooms_make_locked(struct memory_rooms *rooms, const char *key);
/* It has got a new event and so many bytes; what is too much by now goes, but not that event. */
void memory_rooms_grown_locked(struct memory_rooms *rooms, struct memory_room *room,
                               uint64_t bytes_before);
/* room may be NULL: the head of a room without events. */
struct journal_head memory_rooms_head_locked(const struct memory_rooms *rooms,
                                             const struct memory_room *room);

#endif
