/* sqlite_retention - removing what is too old or too much, a little at a time.
 * Threads:    the writer's.
 * Owns:       nothing. Borrows the store.
 * Invariant:  of each room the oldest events go first and without holes, so that rooms.oldest tells what is
 *             left; seq and ts of the room stay.
 * Fails:      result codes of SQLite; the step then left nothing behind. */
#ifndef HUBBUB_JOURNAL_SQLITE_RETENTION_H
#define HUBBUB_JOURNAL_SQLITE_RETENTION_H

#include "journal/sqlite_store.h"

struct retention {
    uint64_t max_age_ms; /* 0: any age */
    uint64_t max_events; /* in a room; 0: any number */
    int64_t room;        /* where the walk over all rooms is; 0: at the start */
};

/* True if there is anything to do, ever. */
bool retention_is_on(const struct retention *r);

/* Looks at a few rooms and removes at most so many events, in one transaction; *is_done: the walk came to
 * its end, so that there is nothing to do for a while. */
int retention_step(struct retention *r, struct store *s, uint64_t now_wall_ms, unsigned events_max,
                   bool *is_done);

#endif
