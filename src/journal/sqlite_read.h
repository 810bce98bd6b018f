/* sqlite_read - answers to queries, each from one moment of the log.
 * Threads:    the connection's.
 * Owns:       nothing.
 * Invariant:  what was committed before the call is in the answer.
 * Fails:      the query's outcome is ERR_UNAVAILABLE, and the result code of SQLite is returned. */
#ifndef HUBBUB_JOURNAL_SQLITE_READ_H
#define HUBBUB_JOURNAL_SQLITE_READ_H

#include "core/ports.h"
#include "journal/sqlite_store.h"

int read_query(struct store *s, struct query *q);

/* For the files of this folder: the event in a row of enum event_column; NULL when memory is short or its
 * reactions cannot be read. */
struct event *read_event(struct store *s, sqlite3_stmt *row, int64_t room);

/* Why that gave NULL, as a result code of SQLite; to be asked at once. */
int read_failure(const struct store *s);

/* The same without the reactions that a message has. */
struct event *read_event_bare(const struct store *s, sqlite3_stmt *row, int64_t room);

#endif
