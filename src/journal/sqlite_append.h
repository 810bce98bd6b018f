/* sqlite_append - storing events: their place, their effects on older ones, each once.
 * Threads:    the writer's.
 * Owns:       its cache. Borrows the store.
 * Invariant:  between begin and commit, or rollback. What an event may not do is its outcome and leaves
 *             nothing behind; after any other failure the whole transaction has to go.
 * Fails:      result codes of SQLite. */
#ifndef HUBBUB_JOURNAL_SQLITE_APPEND_H
#define HUBBUB_JOURNAL_SQLITE_APPEND_H

#include "core/event.h"
#include "journal/sqlite_cache.h"

struct appender {
    struct store *store; /* borrowed */
    struct cache cache;
    int64_t unindexed; /* about so many events whose words the index has still to get */
};

int append_begin(struct appender *a);

/* e->ts is the time that it asks for; sets its seq, ts, id, outcome and is_repeat. An event with a state
 * (EVENT_MESSAGE, from an export) is stored in that state, with its reactions. */
int append_event(struct appender *a, struct event *e);

int append_commit(struct appender *a);
void append_rollback(struct appender *a);

/* Brings the index of words up to date, in transactions of its own: neither their time nor a fault in the
 * index is the messages'. Due when so much is behind that it is worth a transaction. */
int append_index(struct appender *a);
bool append_index_is_due(const struct appender *a);
/* Makes the index anew from the messages, whatever is in it. */
int append_index_anew(struct appender *a);

/* Frees the cache. */
void append_end(struct appender *a);

#endif
