/* sqlite_backup - a copy of the journal's file as it is at one moment, while it is in use.
 * Threads:    the main thread of a tool (sqlite_scratch.h).
 * Owns:       nothing.
 * Invariant:  the copy is a new file (new_file.h).
 * Fails:      backup_make: false after logging why; no copy is left then, nor after a signal that ends the process. */
#ifndef HUBBUB_JOURNAL_SQLITE_BACKUP_H
#define HUBBUB_JOURNAL_SQLITE_BACKUP_H

#include "journal/sqlite_store.h"

#include <stdbool.h>

/* Copies to a file that is there and empty, epoch and all; a result code of SQLite. */
int backup_copy(struct store *from, const char *to);

/* Makes a log of its own: with the same past, but an epoch that no client knows, and of the version that
 * the file has, which may be an earlier one. */
bool backup_make(const char *path, const char *copy);

#endif
