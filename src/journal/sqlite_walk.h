/* sqlite_walk - all that is in the log, or a part of it, in the order in which it came.
 * Threads:    the connection's.
 * Owns:       nothing.
 * Invariant:  a walk is many short looks, none of which is under way while visit is called, so that it never
 *             holds back who writes: each event is seen once, in the state of that moment.
 * Fails:      result codes of SQLite. */
#ifndef HUBBUB_JOURNAL_SQLITE_WALK_H
#define HUBBUB_JOURNAL_SQLITE_WALK_H

#include "core/event.h"
#include "journal/sqlite_store.h"

struct walk {
    const char *room;      /* borrowed: its key; NULL: all */
    const char *person;    /* borrowed: a user's key; NULL: all */
    uint64_t since, until; /* ts: from, and below */
    bool has_changes;      /* edits, deletes and reactions too, not only messages */
    int64_t n;             /* where it is: what comes is behind it */

    /* Called for the events that cannot be read because the file is damaged, from the first n to the last, or
     * to the end of the log (INT64_MAX); all others are visited. NULL: damage ends the walk. */
    void (*lost)(void *arg, int64_t first, int64_t last);
    uint64_t bare; /* so many messages were visited without their reactions, which cannot be read */

    int64_t lost_first; /* 0: what is before n can be read */
    int64_t bound;      /* no event is behind it; 0: not asked for yet */
};

/* Goes on to the end of the log; visit may be called again later for what came then. It is called with each
 * event, with its cid, and the key of its room, both borrowed; false ends the walk there. arg is for lost, too. */
int walk_on(struct walk *w, struct store *s,
            bool (*visit)(void *arg, const struct event *e, const char *room), void *arg);

/* Puts it so that count messages are before the end. */
int walk_from_end(struct walk *w, struct store *s, uint64_t count);

#endif
