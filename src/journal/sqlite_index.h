/* sqlite_index - the words of messages, put into the full-text index some time after the messages.
 * A message that is stored alone would cost the index as many pages as all its other tables; a hundred
 * together cost hardly more than one. Until then a search would not see them: whoever searches asks first
 * whether the index is behind, and has the writer catch up.
 * Threads:    that of the store; all but index_debt write, within a transaction of the caller's.
 * Owns:       nothing.
 * Invariant:  the messages up to the event n that meta has as "indexed", and no others, are in the index as
 *             they are. New events get numbers above it, so whoever removes events catches up first: then
 *             no number is given twice, and who follows the log by n misses nothing.
 * Fails:      result codes of SQLite. */
#ifndef HUBBUB_JOURNAL_SQLITE_INDEX_H
#define HUBBUB_JOURNAL_SQLITE_INDEX_H

#include "journal/sqlite_store.h"

/* rc, of a statement or a commit that touches the index: a row that is in the way comes of an index that has lost count of
 * its own parts, so that is SQLITE_CORRUPT_VTAB. */
int index_outcome(int rc);

/* How many events are not looked at yet. */
int index_debt(struct store *s, int64_t *debt);

/* Looks at the next events, so many at most; *debt: how many are left. */
int index_catch_up(struct store *s, int64_t events_max, int64_t *debt);

/* Makes it anew, as far as it has looked. */
int index_rebuild(struct store *s);
/* The same, without touching the pages that it is in: they may be such that they cannot even be given back, and remain
 * in the file, unused, until a VACUUM. */
int index_replace(struct store *s);
/* Whether the pages that it is in are damaged. */
bool index_is_damaged(struct store *s);

/* A message's body has another one: takes the old words out, puts the new in. */
int index_remove(struct store *s, int64_t n, const char *body, size_t length, int64_t room);
int index_add(struct store *s, int64_t n, const char *body, size_t length, int64_t room);

#endif
