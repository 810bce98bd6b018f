/* memory - a journal that keeps the newest events of each room in memory and loses all at the end.
 * Threads:    as core/ports.h; what is appended is committed inside the call, under memory.lock, so the
 *             lock order is memory.lock, then whatever the listener takes.
 * Owns:       its rooms and a reference to each event that it keeps.
 * Invariant:  bounded: so many events a room, so many rooms, so many bytes; the room that had no event
 *             for the longest time goes first, as a whole. Once a room has gone, the head of a room without events may have a
 *             seq other than 0: its first event follows that.
 * Fails:      as core/ports.h; a query with ERR_UNAVAILABLE only for want of memory, an event never. */
#ifndef HUBBUB_JOURNAL_MEMORY_H
#define HUBBUB_JOURNAL_MEMORY_H

#include "core/ports.h"

struct memory_limits {
    uint32_t events;     /* durable events that are kept in each room; at least 1 */
    uint32_t rooms;      /* at least 1 */
    uint64_t bytes;      /* that all of them take, roughly; 0: no limit */
    uint64_t max_age_ms; /* of an event; 0: no limit. It may be a second more. */
};

/* epoch: one that no earlier run had. Never NULL. */
struct journal *memory_journal_create(const struct memory_limits *limits,
                                      const struct journal_listener *listener, uint64_t epoch);

#endif
