/* memory_query - the answers of the journal in memory.
 * Threads:    any; takes the rooms' lock, for a search many times and each time shortly.
 * Owns:       nothing; fills the query.
 * Invariant:  head and items are of one moment, but for a search, which goes on while events come in.
 * Fails:      sets ERR_UNAVAILABLE when memory is short. */
#ifndef HUBBUB_JOURNAL_MEMORY_QUERY_H
#define HUBBUB_JOURNAL_MEMORY_QUERY_H

#include "journal/memory_rooms.h"

void memory_query_answer(struct memory_rooms *rooms, struct query *q, uint64_t now_wall_ms);

/* The part of it that is a search; the head is set. */
void memory_search(struct memory_rooms *rooms, struct query *q);

#endif
